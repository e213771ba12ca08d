import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { TRANSITIONS, type Transition } from '../../src/orders/lifecycle.ts'
import { StorageError } from '../../src/postgres/pool.ts'
import { ENDPOINT_KINDS, ORDER_EVENT_KINDS, problemOfKinds } from '../../src/webhooks/enums.ts'
import { anAccepted, anOrderIn, openStores } from '../support/factories/stored-orders.ts'
import { anEndpoint, endDoubt } from '../support/scenes/webhook-endpoints.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { unnamed } from '../support/unnamed.ts'

let test: Awaited<ReturnType<typeof createTestDatabase>>
let stores: ReturnType<typeof openStores>

beforeAll(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl)
})
afterAll(async () => {
  await stores?.database.close()
  await test?.drop()
})
beforeEach(async () => {
  await run(
    `UPDATE webhook_endpoints SET state = 'removed', secret = NULL, paused_because = NULL WHERE state <> 'removed'`,
  )
})

const run = <Row extends object>(text: string, values: readonly unknown[] = []) =>
  stores.database.run<Row>(unnamed(text), values)
const eventsOf = (orderId: string) =>
  run<{ kind: string; sequence: number }>(
    'SELECT kind, sequence FROM webhook_events WHERE order_id = $1 ORDER BY sequence',
    [orderId],
  )
const deliveriesOf = (orderId: string) =>
  run<{ endpoint: number; sequence: number; state: string }>(
    'SELECT endpoint_id AS endpoint, sequence, state FROM webhook_deliveries WHERE order_id = $1 ORDER BY endpoint_id, sequence',
    [orderId],
  )

describe('a state change of an order', () => {
  it.each([
    ['succeeded', 'order.succeeded'],
    ['rejected', 'order.rejected'],
    ['expired', 'order.expired'],
    ['cancelled', 'order.cancelled'],
    ['in_doubt', 'order.in_doubt'],
  ])('to %s is told as %s, once to each endpoint of its partner', async (state, kind) => {
    const { id: first } = await anEndpoint(stores.database, 'https://one.example')
    const { id: second } = await anEndpoint(stores.database, 'https://two.example')
    await anEndpoint(stores.database, 'https://other.example', { partner: 'other' })
    const orderId = await anOrderIn(stores, state)
    expect(await eventsOf(orderId)).toEqual([{ kind, sequence: 1 }])
    expect(await deliveriesOf(orderId)).toEqual([
      { endpoint: first, sequence: 1, state: 'pending' },
      { endpoint: second, sequence: 1, state: 'pending' },
    ])
  })

  it('out of doubt is told as order.resolved, the next in the sequence', async () => {
    await anEndpoint(stores.database, 'https://one.example')
    const orderId = await anOrderIn(stores, 'in_doubt')
    await endDoubt(stores, orderId)
    expect(await eventsOf(orderId)).toEqual([
      { kind: 'order.in_doubt', sequence: 1 },
      { kind: 'order.resolved', sequence: 2 },
    ])
  })

  it.each(['accepted', 'confirming', 'held'])('to %s is nobody’s business but ours', async (state) => {
    await anEndpoint(stores.database, 'https://one.example')
    expect(await eventsOf(await anOrderIn(stores, state))).toEqual([])
  })

  it('writes nothing while the partner has no endpoint', async () => {
    await anEndpoint(stores.database, 'https://other.example', { partner: 'other' })
    expect(await eventsOf(await anOrderIn(stores, 'succeeded'))).toEqual([])
  })

  it('is kept for an endpoint that is paused, and not for one that takes other kinds', async () => {
    const paused = await anEndpoint(stores.database, 'https://one.example')
    await run(`UPDATE webhook_endpoints SET state = 'paused', paused_because = 'person' WHERE id = $1`, [
      paused.id,
    ])
    await anEndpoint(stores.database, 'https://two.example', { kinds: ['order.expired'] })
    const orderId = await anOrderIn(stores, 'succeeded')
    expect(await deliveriesOf(orderId)).toEqual([{ endpoint: paused.id, sequence: 1, state: 'pending' }])
  })

  it('that is rolled back tells nobody', async () => {
    await anEndpoint(stores.database, 'https://one.example')
    const orderId = await anAccepted(stores)
    const rolledBack = run(
      `WITH moved AS (UPDATE orders SET state = 'cancelled', reason = 'cancel_requested' WHERE id = $1 RETURNING id)
       SELECT 1 / (SELECT count(*) - 1 FROM moved)`,
      [orderId],
    )
    await expect(rolledBack).rejects.toThrow(StorageError)
    expect(await eventsOf(orderId)).toEqual([])
  })

  it('counts each order by itself when many change in one statement', async () => {
    await anEndpoint(stores.database, 'https://one.example')
    const orderIds = await Promise.all([1, 2, 3].map(() => anAccepted(stores)))
    await run(
      `UPDATE orders SET state = 'cancelled', reason = 'cancel_requested' WHERE id = ANY ($1::uuid[])`,
      [orderIds],
    )
    for (const orderId of orderIds)
      expect(await eventsOf(orderId)).toEqual([{ kind: 'order.cancelled', sequence: 1 }])
  })

  it('has a kind for every way an order can end or come into doubt', () => {
    const told = Object.values<Transition>(TRANSITIONS)
      .filter(({ to }) => !['accepted', 'confirming', 'held'].includes(to))
      .map(({ from, to }) => (from === 'in_doubt' ? 'order.resolved' : `order.${to}`))
    expect([...new Set(told)].sort()).toEqual([...ORDER_EVENT_KINDS].sort())
  })
})

describe('history', () => {
  it.each(['webhook_events', 'webhook_tries', 'webhook_deliveries', 'webhook_endpoints'])(
    'is never emptied: %s',
    async (table) => {
      await expect(run(`TRUNCATE ${table} CASCADE`)).rejects.toMatchObject({ constraint: 'append_only' })
    },
  )

  it('of endpoints is never deleted', async () => {
    await expect(run('DELETE FROM webhook_endpoints')).rejects.toMatchObject({ constraint: 'append_only' })
  })

  it.each(['webhook_events SET sequence = 7', 'webhook_tries SET reply = NULL'])(
    'is never rewritten: %s',
    async (change) => {
      await expect(run(`UPDATE ${change}`)).rejects.toMatchObject({ constraint: 'append_only' })
    },
  )
})

describe('the kinds an endpoint takes', () => {
  it.each([
    [['order.succeeded', 'order.resolved'], null],
    [[...ORDER_EVENT_KINDS], null],
    [[...ENDPOINT_KINDS], null],
    [['batch.finished'], null],
    [['batch.finished', 'order.rejected'], /need order.resolved/],
    [['order.expired'], null],
    [['order.succeeded'], /need order.resolved/],
    [['order.rejected', 'order.in_doubt'], /need order.resolved/],
    [[], /at least one/],
    [['order.lost'], /the kinds are/],
    [['webhook.test'], /the kinds are/],
  ])('%j: %s', (kinds, problem) => {
    const found = problemOfKinds(kinds)
    if (problem === null) expect(found).toBeNull()
    else expect(found).toMatch(problem)
  })
})
