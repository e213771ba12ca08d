import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { GatewayCall } from '../gateway/client.ts'
import type { JobCounts, JobEnd } from '../queue/watched-order.ts'
import { type RiskFigures, riskGauges } from './risk-gauges.ts'

/** The metrics of a worker's or a scheduler's own work. */
export interface WorkMetrics {
  onCall(call: GatewayCall): void
  readonly counts: JobCounts
  /** Everything in Prometheus' text format. */
  read(): Promise<string>
}

/** How a process measures what is at risk in the whole installation. */
export interface RiskMeasure {
  /** The names of all there is. */
  readonly everyRisk: readonly string[]
  measure(): Promise<RiskFigures>
  monotonicMs(): number
}

/** More frequent scrapes get the same figures of what is at risk. */
const FRESH_MS = 15_000

/**
 * Creates the metrics of one process. Labels are operations, outcomes and states, and never personal data.
 * @param risks null: what is at risk is not measured here
 */
export function createWorkMetrics(risks: RiskMeasure | null = null): WorkMetrics {
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
  const measureRisks = riskReader(registry, risks)
  return {
    onCall: ({ operation, outcome, seconds }) => calls.observe({ operation, outcome }, seconds),
    counts: {
      ended: (end: JobEnd) => jobs.inc({ end }),
      requoted: () => requotes.inc(),
    },
    async read() {
      await measureRisks()
      return await registry.metrics()
    },
  }
}

/** Measures what is at risk, at most every {@link FRESH_MS}. A failure is counted, and the last figures stay. */
function riskReader(registry: Registry, risks: RiskMeasure | null): () => Promise<void> {
  const set = riskGauges(registry, risks?.everyRisk ?? [])
  const troubles = new Counter({
    name: 'goldpro_risk_troubles_total',
    help: 'Times that what is at risk could not be measured',
    registers: [registry],
  })
  let measuredAtMs = Number.NEGATIVE_INFINITY
  return async () => {
    if (risks === null || risks.monotonicMs() - measuredAtMs < FRESH_MS) return
    measuredAtMs = risks.monotonicMs()
    await risks.measure().then(set, () => troubles.inc())
  }
}
