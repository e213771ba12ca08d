import { describe, expect, it } from 'vitest'
import { createMetrics, type MetricsDeps } from '../../src/observability/http-metrics.ts'

const NO_ORDERS = { orders: [], oldestOpenS: 0, rupiahInDoubt: 0, attempts: [], confirmSeconds: [] }

const metricsWith = (deps: Partial<MetricsDeps>) =>
  createMetrics({
    measureOrders: async () => NO_ORDERS,
    measureWebhooks: async () => [],
    countClosedSwitches: async () => 2,
    queueCounts: async () => ({ waiting: 3 }),
    now: () => 0,
    ...deps,
  })

describe('the figures of webhooks', () => {
  it('tell what waits by the state of its endpoint: a paused one does not hide that the others keep up', async () => {
    const figures = [
      { state: 'active', pending: 2, oldestPendingSeconds: 4.5 },
      { state: 'active', pending: 1, oldestPendingSeconds: 9 },
      { state: 'paused', pending: 7, oldestPendingSeconds: 86_400 },
    ] as const
    const text = await metricsWith({ measureWebhooks: async () => figures }).read()
    for (const line of [
      'goldpro_webhook_endpoints{endpoint_state="active"} 2',
      'goldpro_webhook_endpoints{endpoint_state="paused"} 1',
      'goldpro_webhooks_pending{endpoint_state="active"} 3',
      'goldpro_webhooks_pending{endpoint_state="paused"} 7',
      'goldpro_oldest_pending_webhook_seconds{endpoint_state="active"} 9',
      'goldpro_oldest_pending_webhook_seconds{endpoint_state="paused"} 86400',
    ])
      expect(text.split('\n')).toContain(line)
  })

  it('are 0 while there is no endpoint', async () => {
    const text = await metricsWith({}).read()
    for (const name of ['webhook_endpoints', 'webhooks_pending', 'oldest_pending_webhook_seconds'])
      expect(text).toContain(`goldpro_${name}{endpoint_state="active"} 0`)
  })

  it('that cannot be read are counted, and keep no others back', async () => {
    const measureWebhooks = async () => {
      throw new Error('away')
    }
    const text = await metricsWith({ measureWebhooks }).read()
    expect(text).toContain('goldpro_metrics_troubles_total{of="webhooks"} 1')
    expect(text).toContain('goldpro_queue_jobs{state="waiting"} 3')
  })
})

describe('the closed switches', () => {
  it('are counted', async () => {
    expect(await metricsWith({}).read()).toContain('goldpro_switches_closed 2')
  })
})
