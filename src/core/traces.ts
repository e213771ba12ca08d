/**
 * Every attribute that a span may have. None is about a person, a partner or a key, and the exporter drops all others.
 */
export const FACT_NAMES = [
  'goldpro.order_id',
  'goldpro.kind',
  'goldpro.outcome',
  'goldpro.attempt',
  'goldpro.amount',
  'http.request.method',
  'http.route',
  'http.response.status_code',
  'bullmq.queue.name',
  'bullmq.queue.operation',
  'bullmq.job.attempts.made',
] as const
export type SpanFacts = { readonly [Name in (typeof FACT_NAMES)[number]]?: string | number }

/** An open span. */
export interface OpenSpan {
  /** Runs the work; spans that it begins, now or later, are children of this one. */
  inside<T>(work: () => T): T
  end(facts: SpanFacts): void
  /** The trace it belongs to, in 32 hexadecimal digits; null when the span is not recorded. */
  readonly traceId: string | null
}

/** BullMQ's `Telemetry`, opaque here so that core knows no queue. */
export interface QueueTelemetry {
  readonly tracer: object
  readonly contextManager: object
}

/** Records spans. No method throws or blocks. */
export interface Traces {
  begin(name: string, role: 'server' | 'internal' | 'client', facts: SpanFacts): OpenSpan
  /** The current trace, in the form that a job carries to a worker; null when there is none. */
  carried(): string | null
  /** The telemetry for BullMQ; null when there are no traces. */
  readonly ofQueue: QueueTelemetry | null
}

/** Traces that must be stopped before the process ends. */
export interface RunningTraces extends Traces {
  /** Sends the remaining spans. Returns within two seconds, whatever the receiver does. */
  stop(): Promise<void>
}

/** A span that is not recorded. */
export const NO_SPAN: OpenSpan = { inside: (work) => work(), end() {}, traceId: null }

/** No traces: the default where no receiver is configured. */
export const NO_TRACES: RunningTraces = {
  begin: () => NO_SPAN,
  carried: () => null,
  ofQueue: null,
  async stop() {},
}
