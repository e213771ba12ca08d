import { setTimeout as pause } from 'node:timers/promises'
import {
  type Attributes,
  context,
  DiagLogLevel,
  diag,
  propagation,
  SpanKind,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type Sampler, SamplingDecision, TracerProvider } from '@opentelemetry/sdk-trace'
import type { RunningTraces } from '../core/traces.ts'
import { discreetExporter } from './discreet-exporter.ts'
import { queueTelemetry } from './queue-telemetry.ts'
import type { TracesSettings } from './traces-settings.ts'

const FLUSH_WITHIN_MS = 2_000
const SEND_EVERY_MS = 1_000
const EXPORT_WITHIN_MS = 3_000

const ROLES = { server: SpanKind.SERVER, internal: SpanKind.INTERNAL, client: SpanKind.CLIENT } as const

/** Sends the traces of the whole process to an OTLP receiver over HTTP. Spans that it does not accept in time are dropped. */
export function openTraces(settings: TracesSettings & { readonly endpoint: string }): RunningTraces {
  const { endpoint, service, version, onError } = settings
  diag.setLogger(
    { error: onError, warn: onError, info() {}, debug() {}, verbose() {} },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_WITHIN_MS,
  })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.version': version }),
    sampler: withoutPolling,
    spanProcessors: [
      new BatchSpanProcessor({ exporter: discreetExporter(exporter), scheduledDelayMillis: SEND_EVERY_MS }),
    ],
  })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  const tracer = provider.getTracer('goldpro', version)
  return {
    begin(name, role, facts) {
      const span = tracer.startSpan(name, { kind: ROLES[role], attributes: facts as Attributes })
      const within = trace.setSpan(context.active(), span)
      const { traceId, traceFlags } = span.spanContext()
      return {
        traceId: isSampled(traceFlags) ? traceId : null,
        inside: (work) => context.with(within, work),
        end(more) {
          span.setAttributes(more as Attributes)
          span.end()
        },
      }
    },
    carried() {
      if (trace.getSpan(context.active()) === undefined) return null
      const carrier = {}
      propagation.inject(context.active(), carrier)
      return JSON.stringify(carrier)
    },
    ofQueue: queueTelemetry(),
    async stop() {
      const flushed = provider.shutdown().catch((error: unknown) => onError(String(error)))
      await Promise.race([flushed, pause(FLUSH_WITHIN_MS, undefined, { ref: false })])
    },
  }
}

const isSampled = (traceFlags: TraceFlags): boolean => (traceFlags & TraceFlags.SAMPLED) !== 0

/** Samples every trace, except internal root spans: those are BullMQ's own work, such as polling for jobs. */
const withoutPolling: Sampler = {
  shouldSample(parent, _traceId, _name, kind) {
    const { traceFlags = TraceFlags.NONE } = trace.getSpanContext(parent) ?? {}
    const isWanted = isSampled(traceFlags) || kind !== SpanKind.INTERNAL
    return { decision: isWanted ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD }
  },
  toString: () => 'without polling',
}
