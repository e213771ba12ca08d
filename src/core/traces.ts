/**
 * All that a span may say, by OpenTelemetry's attribute names. Nothing of a person, a partner or a key is in this list,
 * and the exporter lets nothing out that is not.
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

/** A span that was begun. */
export interface OpenSpan {
  /** Does the work so that spans begun by it, now or later, are within this one. */
  inside<T>(work: () => T): T
  end(facts: SpanFacts): void
}

/** BullMQ's `Telemetry`, opaque here so that core knows no queue. */
export interface QueueTelemetry {
  readonly tracer: object
  readonly contextManager: object
}

/** Where spans go. Nothing here throws, and nobody waits for it. */
export interface Traces {
  begin(name: string, role: 'server' | 'internal' | 'client', facts: SpanFacts): OpenSpan
  /** The trace that this is within, as a job carries it to a worker; null when there is none. */
  carried(): string | null
  /** What BullMQ tells its spans to; null when nobody listens. */
  readonly ofQueue: QueueTelemetry | null
}

/** Traces that have something to send before the end. */
export interface RunningTraces extends Traces {
  /** Sends what is left. Returns within two seconds, whatever the receiver does. */
  stop(): Promise<void>
}

/** A span that goes nowhere. */
export const NO_SPAN: OpenSpan = { inside: (work) => work(), end() {} }

/** No traces: what everything runs with unless a receiver is configured. */
export const NO_TRACES: RunningTraces = {
  begin: () => NO_SPAN,
  carried: () => null,
  ofQueue: null,
  async stop() {},
}
