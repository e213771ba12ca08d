import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { RequestMetrics } from '../http/server.ts'
import type { OrderFigures } from '../orders/queries/order-figures.ts'

/** Measures requests, and reads all metrics of a web process. */
export interface HttpMetrics extends RequestMetrics {
  /** Everything in Prometheus' text format. */
  read(): Promise<string>
}

/** The pending webhooks of one endpoint. */
export interface WebhookFigures {
  readonly state: 'active' | 'paused'
  readonly pending: number
  readonly oldestPendingSeconds: number
}

export interface MetricsDeps {
  measureOrders(): Promise<OrderFigures>
  /** Of each endpoint that is not removed. */
  measureWebhooks(): Promise<readonly WebhookFigures[]>
  /** How many switches are closed. */
  countClosedSwitches(): Promise<number>
  /** Jobs by BullMQ's states; fails when the queue is unavailable. */
  queueCounts(): Promise<Record<string, number>>
  now(): number
}

/** Measuring reads a day's orders, so more frequent scrapes get the same figures. */
const FRESH_MS = 15_000

type NewGauge = (name: string, help: string, labelNames?: string[]) => Gauge

/** Creates the metrics of one server. Labels are kinds, states, routes and statuses, and never personal data. */
export function createMetrics(deps: MetricsDeps): HttpMetrics {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Histogram({
    name: 'goldpro_http_request_seconds',
    help: 'Duration of HTTP requests, waits included',
    labelNames: ['route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers,
  })
  const measure = measureInto(registry, deps)
  let measuredAtMs = Number.NEGATIVE_INFINITY
  return {
    observe: (route, status, seconds) => requests.observe({ route, status: status ?? 'gone' }, seconds),
    async read() {
      if (deps.now() - measuredAtMs >= FRESH_MS) {
        measuredAtMs = deps.now()
        await measure()
      }
      return await registry.metrics()
    },
  }
}

/** @returns what measures everything anew. Figures that cannot be read are counted, and the others are still set */
function measureInto(registry: Registry, deps: MetricsDeps): () => Promise<void> {
  const registers = [registry]
  const gauge: NewGauge = (name, help, labelNames = []) => new Gauge({ name, help, labelNames, registers })
  const troubles = new Counter({
    name: 'goldpro_metrics_troubles_total',
    help: 'Times that figures could not be read',
    labelNames: ['of'],
    registers,
  })
  const setOrders = orderGauges(gauge)
  const queue = gauge('goldpro_queue_jobs', 'Jobs by state', ['state'])
  const setWebhooks = webhookGauges(gauge)
  const switches = gauge('goldpro_switches_closed', 'Switches that people, or the program, closed')
  const setQueue = (counts: Record<string, number>) => {
    for (const [state, count] of Object.entries(counts)) queue.set({ state }, count)
  }
  const measured = async <Figures>(
    of: string,
    read: () => Promise<Figures>,
    set: (figures: Figures) => void,
  ) => {
    try {
      set(await read())
    } catch {
      troubles.inc({ of })
    }
  }
  return async () => {
    await Promise.all([
      measured('orders', () => deps.measureOrders(), setOrders),
      measured('webhooks', () => deps.measureWebhooks(), setWebhooks),
      measured(
        'switches',
        () => deps.countClosedSwitches(),
        (count) => switches.set(count),
      ),
      measured('queue', () => deps.queueCounts(), setQueue),
    ])
  }
}

/** The gauges of orders and of the confirms of the last minutes. */
function orderGauges(gauge: NewGauge) {
  const orders = gauge(
    'goldpro_orders',
    'Orders by kind and state: those that have not ended, and those of the last 24 hours that have',
    ['kind', 'state'],
  )
  const oldest = gauge(
    'goldpro_oldest_open_order_seconds',
    'Age of the oldest order that is neither final nor in doubt',
  )
  const doubts = gauge('goldpro_rupiah_in_doubt', 'Rupiah of quotes whose confirm is in doubt')
  const attempts = gauge('goldpro_recent_attempts', 'Confirms begun in the last five minutes, by outcome', [
    'outcome',
  ])
  const confirms = gauge(
    'goldpro_recent_confirm_seconds',
    'From intent to verdict, of the last five minutes',
    ['quantile'],
  )
  return (figures: OrderFigures) => {
    for (const each of [orders, attempts, confirms]) each.reset()
    for (const { kind, state, count } of figures.orders) orders.set({ kind, state }, count)
    for (const { outcome, count } of figures.attempts) attempts.set({ outcome }, count)
    for (const { quantile, seconds } of figures.confirmSeconds) confirms.set({ quantile }, seconds)
    oldest.set(figures.oldestOpenS)
    doubts.set(figures.rupiahInDoubt)
  }
}

/** The gauges of webhooks by the state of their endpoints: webhooks of a paused one wait for a person. */
function webhookGauges(gauge: NewGauge) {
  const labels = ['endpoint_state']
  const endpoints = gauge('goldpro_webhook_endpoints', 'Endpoints of webhooks', labels)
  const pending = gauge('goldpro_webhooks_pending', 'Webhooks that wait to be delivered', labels)
  const oldest = gauge('goldpro_oldest_pending_webhook_seconds', 'Age of the oldest waiting webhook', labels)
  return (figures: readonly WebhookFigures[]) => {
    for (const state of ['active', 'paused'] as const) {
      const ofState = figures.filter((each) => each.state === state)
      const label = { endpoint_state: state }
      endpoints.set(label, ofState.length)
      pending.set(
        label,
        ofState.reduce((sum, each) => sum + each.pending, 0),
      )
      oldest.set(label, Math.max(0, ...ofState.map((each) => each.oldestPendingSeconds)))
    }
  }
}
