import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { measureOrders } from '../../../src/orders/queries/order-figures.ts'
import { anOrderIn, openStores } from '../../support/factories/stored-orders.ts'
import { createTestDatabase, type TestDatabase } from '../../support/servers/postgres.ts'
import { unnamed } from '../../support/unnamed.ts'

let place: TestDatabase
let stores: ReturnType<typeof openStores>
beforeAll(async () => {
  place = await createTestDatabase()
  stores = openStores(place.databaseUrl)
})
afterAll(async () => {
  await stores?.database.close()
  await place?.drop()
})

/** Makes an order older than a day. */
const age = async (orderId: string) => {
  const text = `UPDATE orders SET accepted_at = now() - interval '25 hours' WHERE id = $1`
  await stores.database.transaction(async (runner) => {
    await runner.run(unnamed('SET LOCAL session_replication_role = replica'), [])
    await runner.run(unnamed(text), [orderId])
  })
}

describe('the figures of orders', () => {
  it('are nothing before there are orders', async () => {
    expect(await measureOrders(stores.database)).toEqual({
      orders: [],
      oldestOpenS: 0,
      rupiahInDoubt: 0,
      attempts: [],
      confirmSeconds: [],
    })
  })

  it('count what has not ended however old it is, and what has for a day', async () => {
    for (const state of ['accepted', 'held', 'in_doubt', 'succeeded', 'rejected', 'cancelled']) {
      await age(await anOrderIn(stores, state))
      await anOrderIn(stores, state)
    }
    const { orders, oldestOpenS, rupiahInDoubt } = await measureOrders(stores.database)
    expect(Object.fromEntries(orders.map(({ state, count }) => [state, count]))).toEqual({
      accepted: 2,
      held: 2,
      in_doubt: 2,
      succeeded: 1,
      rejected: 1,
      cancelled: 1,
    })
    expect(oldestOpenS).toBeGreaterThan(24 * 3_600)
    expect(rupiahInDoubt).toBe(2 * 441_000)
  })

  it('are counted by an index, not by reading all orders there ever were', async () => {
    const plan = await stores.database.transaction(async (runner) => {
      await runner.run(unnamed('SET LOCAL enable_seqscan = off'), [])
      return await runner.run<{ 'QUERY PLAN': string }>(
        unnamed('EXPLAIN SELECT count(*) FROM orders WHERE settled_at IS NULL'),
        [],
      )
    })
    expect(plan.map((row) => row['QUERY PLAN']).join()).toContain('orders_open')
  })
})
