import type { SpanContext } from '@opentelemetry/api'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import { FACT_NAMES } from '../core/traces.ts'

const MAY_BE_TOLD = new Set<string>(FACT_NAMES)

/**
 * Puts a wall before an exporter. BullMQ puts job names, ids and error texts on its spans, and those are a partner's: what
 * is not in the list of facts does not leave, and neither do events and texts.
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
  const told = Object.entries(span.attributes).filter(([attribute]) => MAY_BE_TOLD.has(attribute))
  return {
    ...{ name, kind, startTime, endTime, duration, ended, resource },
    ...(parentSpanContext === undefined ? {} : { parentSpanContext: bare(parentSpanContext) }),
    spanContext: () => bare(span.spanContext()),
    attributes: Object.fromEntries(told),
    status: { code: span.status.code },
    instrumentationScope: span.instrumentationScope,
    links: [],
    events: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

/** Without the state that whoever began the trace may have put beside its id. */
function bare({ traceId, spanId, traceFlags }: SpanContext): SpanContext {
  return { traceId, spanId, traceFlags }
}
