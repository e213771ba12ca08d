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

/** Creates the metrics of one server. Labels are kinds, states, routes and statuses, and never personal data. */
export function createMetrics(deps: MetricsDeps): HttpMetrics {
  const { measureOrders, measureWebhooks, countClosedSwitches, queueCounts, now } = deps
  const registry = new Registry()
  const registers = [registry]
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers })
  const requests = new Histogram({
    name: 'goldpro_http_request_seconds',
    help: 'Duration of HTTP requests, waits included',
    labelNames: ['route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers,
  })
  const troubles = new Counter({
    name: 'goldpro_metrics_troubles_total',
    help: 'Times that figures could not be read',
    labelNames: ['of'],
    registers,
  })
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
  const queue = gauge('goldpro_queue_jobs', 'Jobs by state', ['state'])
  const setWebhooks = webhookGauges(gauge)
  const switches = gauge('goldpro_switches_closed', 'Switches that people, or the program, closed')

  const setOrders = (figures: OrderFigures) => {
    for (const each of [orders, attempts, confirms]) each.reset()
    for (const { kind, state, count } of figures.orders) orders.set({ kind, state }, count)
    for (const { outcome, count } of figures.attempts) attempts.set({ outcome }, count)
    for (const { quantile, seconds } of figures.confirmSeconds) confirms.set({ quantile }, seconds)
    oldest.set(figures.oldestOpenS)
    doubts.set(figures.rupiahInDoubt)
  }
  const readQueue = async () => {
    for (const [state, count] of Object.entries(await queueCounts())) queue.set({ state }, count)
  }
  let measuredAtMs = Number.NEGATIVE_INFINITY
  return {
    observe: (route, status, seconds) => requests.observe({ route, status: status ?? 'gone' }, seconds),
    async read() {
      if (now() - measuredAtMs >= FRESH_MS) {
        measuredAtMs = now()
        await Promise.all([
          measureOrders().then(setOrders, () => troubles.inc({ of: 'orders' })),
          measureWebhooks().then(setWebhooks, () => troubles.inc({ of: 'webhooks' })),
          countClosedSwitches().then(
            (count) => switches.set(count),
            () => troubles.inc({ of: 'switches' }),
          ),
          readQueue().catch(() => troubles.inc({ of: 'queue' })),
        ])
      }
      return await registry.metrics()
    },
  }
}

/** The gauges of webhooks by the state of their endpoints: webhooks of a paused one wait for a person. */
function webhookGauges(gauge: (name: string, help: string, labelNames: string[]) => Gauge) {
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
