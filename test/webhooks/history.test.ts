import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { deletePastDeliveries, deletePastEvents } from '../../src/webhooks/history.ts'
import { aPastWebhook, type PastWebhook } from '../support/factories/past-webhooks.ts'
import { anOrderIn, openStores } from '../support/factories/stored-orders.ts'
import { anEndpoint, endDoubt } from '../support/scenes/webhook-endpoints.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'
import { unnamed } from '../support/unnamed.ts'

let test: TestDatabase
let stores: ReturnType<typeof openStores>
let endpointId: number

beforeAll(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl)
})
afterAll(async () => {
  await stores?.database.close()
  await test?.drop()
})
beforeEach(async () => {
  await run(`UPDATE webhook_endpoints SET state = 'removed', secret = NULL WHERE state <> 'removed'`)
  endpointId = (await anEndpoint(stores.database, 'https://one.example')).id
})

const run = <Row extends object>(text: string, values: readonly unknown[] = []) =>
  stores.database.run<Row>(unnamed(text), values)
const past = (overrides: Partial<PastWebhook> = {}) =>
  aPastWebhook(stores.database, { endpointId, days: 100, ...overrides })

const tries = (id: string) => run('DELETE FROM webhook_tries WHERE event_id = $1', [id])
const delivery = (id: string) =>
  run(
    `WITH tries AS (DELETE FROM webhook_tries WHERE event_id = $1) DELETE FROM webhook_deliveries WHERE event_id = $1`,
    [id],
  )
const event = (id: string) => run('DELETE FROM webhook_events WHERE id = $1', [id])
const leftOf = async (id: string) => {
  const [row] = await run<{ left: string[] }>(
    `SELECT array_remove(ARRAY[
       CASE WHEN EXISTS (SELECT 1 FROM webhook_events WHERE id = $1) THEN 'event' END,
       CASE WHEN EXISTS (SELECT 1 FROM webhook_deliveries WHERE event_id = $1) THEN 'delivery' END,
       CASE WHEN EXISTS (SELECT 1 FROM webhook_tries WHERE event_id = $1) THEN 'try' END], NULL) AS left`,
    [id],
  )
  return row?.left
}

describe('Postgres lets go of history', () => {
  it.each(['delivered', 'given_up'] as const)('that was %s more than 30 days ago', async (state) => {
    const id = await past({ days: 31, state })
    await delivery(id)
    await event(id)
    expect(await leftOf(id)).toEqual([])
  })

  it.each<[string, Partial<PastWebhook>]>([
    ['that is younger', { days: 29 }],
    ['that waits, however long', { days: 100, state: 'pending' }],
    ['that ended lately, however old it is', { days: 100, endedDays: 29 }],
    ['whose end somebody has put back', { days: 29, endedDays: 100 }],
  ])('and refuses to delete one %s', async (_what, overrides) => {
    const id = await past(overrides)
    for (const remove of [tries, delivery, event])
      await expect(remove(id)).rejects.toMatchObject({ constraint: 'append_only' })
    expect(await leftOf(id)).toEqual(['event', 'delivery', 'try'])
  })

  it('but not of an event that has a delivery left, nor of a delivery that has a try left', async () => {
    const id = await past()
    await expect(event(id)).rejects.toMatchObject({ constraint: 'append_only' })
    const alone = run('DELETE FROM webhook_deliveries WHERE event_id = $1', [id])
    await expect(alone).rejects.toMatchObject({ constraint: 'webhook_tries_delivery_fk' })
  })

  it('but not of the events of an order in doubt, however old', async () => {
    const id = await past({ orderId: await anOrderIn(stores, 'in_doubt'), sequence: 7 })
    await delivery(id)
    await expect(event(id)).rejects.toMatchObject({ constraint: 'append_only' })
  })
})

describe('deleting what is past', () => {
  const sweep = async (keepDays = 90, limit = 100) => [
    await deletePastDeliveries(stores.database, keepDays, limit),
    await deletePastEvents(stores.database, keepDays, limit),
  ]

  it('takes what is older than it is told to keep, and leaves the rest', async () => {
    await sweep()
    const old = await past({ days: 91 })
    const young = await past({ days: 89 })
    const waiting = await past({ days: 91, state: 'pending' })
    expect(await sweep()).toEqual([1, 1])
    expect(await leftOf(old)).toEqual([])
    for (const id of [young, waiting]) expect(await leftOf(id)).toEqual(['event', 'delivery', 'try'])
  })

  it('leaves an event until its last delivery has gone', async () => {
    const id = await past()
    const other = await anEndpoint(stores.database, 'https://two.example')
    await run(
      `INSERT INTO webhook_deliveries (endpoint_id, event_id, next_at) SELECT $1, id, at FROM webhook_events WHERE id = $2`,
      [other.id, id],
    )
    expect(await sweep()).toEqual([1, 0])
    await run(
      `UPDATE webhook_deliveries SET state = 'delivered', ended_at = now() - interval '91 days' WHERE event_id = $1`,
      [id],
    )
    expect(await sweep()).toEqual([1, 1])
  })

  it('takes no more at once than it may, the oldest first', async () => {
    const [older, old] = [await past({ days: 95 }), await past({ days: 93 })]
    expect(await sweep(90, 1)).toEqual([1, 1])
    expect([await leftOf(older), await leftOf(old)]).toEqual([[], ['event', 'delivery', 'try']])
    await sweep()
  })

  it('is not stopped by an end that a sender with a wrong clock has recorded', async () => {
    const wrong = await past({ days: 10, endedDays: 400 })
    const old = await past()
    expect(await sweep()).toEqual([1, 1])
    expect([await leftOf(wrong), await leftOf(old)]).toEqual([['event', 'delivery', 'try'], []])
  })

  it('counts on where it was when an order’s doubt ends after its event would have gone', async () => {
    const orderId = await anOrderIn(stores, 'accepted')
    await past({ orderId, sequence: 1 })
    await sweep()
    await run(`UPDATE orders SET state = 'cancelled', reason = 'cancel_requested' WHERE id = $1`, [orderId])
    const events = await run('SELECT kind, sequence FROM webhook_events WHERE order_id = $1 ORDER BY 2', [
      orderId,
    ])
    expect(events).toEqual([
      { kind: 'order.in_doubt', sequence: 1 },
      { kind: 'order.cancelled', sequence: 2 },
    ])
  })

  it('by two at once takes each once', async () => {
    for (let count = 0; count < 20; count += 1) await past()
    const taken = await Promise.all([1, 2, 3].map(() => deletePastDeliveries(stores.database, 90, 10)))
    const rest = await deletePastDeliveries(stores.database, 90, 100)
    expect(taken.reduce((sum, each) => sum + each, rest)).toBe(20)
  })
})

it('a doubt that is settled is an order whose events may go', async () => {
  const orderId = await anOrderIn(stores, 'in_doubt')
  const id = await past({ orderId, sequence: 7 })
  await delivery(id)
  await endDoubt(stores, orderId)
  await event(id)
  expect(await leftOf(id)).toEqual([])
})
