import type { SpanContext } from '@opentelemetry/api'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import { FACT_NAMES } from '../core/traces.ts'

const ALLOWED = new Set<string>(FACT_NAMES)

/**
 * Exports only the attributes in `FACT_NAMES`, and neither events nor texts. BullMQ puts job names, ids and error texts of
 * partners on its spans.
 */
export function discreetExporter(exporter: SpanExporter): SpanExporter {
  return {
    export: (spans, done) => exporter.export(spans.map(discreet), done),
    shutdown: () => exporter.shutdown(),
    ...(exporter.forceFlush === undefined
      ? {}
      : { forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve() }),
  }
}

function discreet(span: ReadableSpan): ReadableSpan {
  const { name, kind, parentSpanContext, startTime, endTime, duration, ended, resource } = span
  const allowed = Object.entries(span.attributes).filter(([attribute]) => ALLOWED.has(attribute))
  return {
    ...{ name, kind, startTime, endTime, duration, ended, resource },
    ...(parentSpanContext === undefined ? {} : { parentSpanContext: bare(parentSpanContext) }),
    spanContext: () => bare(span.spanContext()),
    attributes: Object.fromEntries(allowed),
    status: { code: span.status.code },
    instrumentationScope: span.instrumentationScope,
    links: [],
    events: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

/** A span context without the trace state, which a partner may have set. */
function bare({ traceId, spanId, traceFlags }: SpanContext): SpanContext {
  return { traceId, spanId, traceFlags }
}
