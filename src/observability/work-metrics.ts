import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { GatewayCall } from '../gateway/client.ts'
import type { JobCounts, JobEnd } from '../queue/watched-order.ts'

/** The metrics of a worker's or a scheduler's own work. */
export interface WorkMetrics {
  onCall(call: GatewayCall): void
  readonly counts: JobCounts
  /** Everything in Prometheus' text format. */
  read(): Promise<string>
}

/** Creates the metrics of one process. Labels are operations, outcomes and states, and never personal data. */
export function createWorkMetrics(): WorkMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, prefix: 'goldpro_' })
  const calls = new Histogram({
    name: 'goldpro_gateway_call_seconds',
    help: 'Duration of calls to the gateway, token included, by operation and outcome',
    labelNames: ['operation', 'outcome'],
    buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60],
    registers,
  })
  const jobs = new Counter({
    name: 'goldpro_jobs_total',
    help: 'Jobs that were run, by end: the state of their order, or why it has not ended',
    labelNames: ['end'],
    registers,
  })
  const requotes = new Counter({
    name: 'goldpro_requotes_total',
    help: 'New quotes taken within a run, after a price change or a quote that could not be confirmed',
    registers,
  })
  return {
    onCall: ({ operation, outcome, seconds }) => calls.observe({ operation, outcome }, seconds),
    counts: {
      ended: (end: JobEnd) => jobs.inc({ end }),
      requoted: () => requotes.inc(),
    },
    read: () => registry.metrics(),
  }
}
