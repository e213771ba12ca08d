import { describe, expect, it } from 'vitest'
import { createMetrics } from '../../src/observability/http-metrics.ts'
import { startMetricsServer } from '../../src/observability/metrics-server.ts'
import { createWorkMetrics } from '../../src/observability/work-metrics.ts'
import { readText } from '../ground/tables.ts'

describe('the metrics of a process', () => {
  it('are gateway calls by operation and outcome, ends of jobs and requotes, beside the process’s own', async () => {
    const metrics = createWorkMetrics()
    metrics.onCall({ operation: 'checkoutGram', outcome: 'quoted', seconds: 0.2 })
    metrics.onCall({ operation: 'purchaseGram', outcome: 'in_doubt', seconds: 15 })
    metrics.counts.ended('in_doubt')
    metrics.counts.requoted()
    const text = await metrics.read()
    for (const line of [
      'goldpro_gateway_call_seconds_bucket{le="0.1",operation="checkoutGram",outcome="quoted"} 0',
      'goldpro_gateway_call_seconds_bucket{le="0.25",operation="checkoutGram",outcome="quoted"} 1',
      'goldpro_gateway_call_seconds_sum{operation="purchaseGram",outcome="in_doubt"} 15',
      'goldpro_jobs_total{end="in_doubt"} 1',
      'goldpro_requotes_total 1',
      'goldpro_nodejs_eventloop_lag_seconds ',
    ])
      expect(text).toContain(line)
  })

  it('are served at one path, to a GET, and a failure to read them is not told', async () => {
    let read = async () => 'figures'
    const server = await startMetricsServer(() => read(), { host: '127.0.0.1', port: 0 })
    const url = `http://127.0.0.1:${server.port}`
    const answered = await fetch(`${url}/metrics`)
    expect([answered.status, await answered.text()]).toEqual([200, 'figures'])
    expect((await fetch(`${url}/`)).status).toBe(404)
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405)
    read = async () => {
      throw new Error('postgres: measure failed')
    }
    const failed = await fetch(`${url}/metrics`)
    expect([failed.status, await failed.text()]).toEqual([500, ''])
    await expect(startMetricsServer(read, { host: '127.0.0.1', port: server.port })).rejects.toThrow(
      'EADDRINUSE',
    )
    server.stop()
  })
})

describe('the runbook', () => {
  it('alerts only on what is measured', async () => {
    const none = async () => Promise.reject(new Error('none'))
    const ofWeb = createMetrics({
      measureOrders: none,
      measureWebhooks: none,
      countClosedSwitches: none,
      queueCounts: none,
      now: Date.now,
    })
    const text = (await ofWeb.read()) + (await createWorkMetrics().read())
    const measured = [...text.matchAll(/^# HELP (goldpro_\w+)/gm)].map(([, name]) => name ?? '')
    // The owner's role of the database has a name of the same form.
    const named = readText('docs/runbook.md').match(/goldpro_(?!owner)[a-z_]+/g) ?? []
    expect(named.length).toBeGreaterThan(10)
    for (const name of named) expect(measured).toContain(name.replace(/_(count|bucket|sum)$/, ''))
  })
})
