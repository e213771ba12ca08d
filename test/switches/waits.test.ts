import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { sweepOrders } from '../../src/orders/sweep.ts'
import { createOrderSwitches, createSwitchSweep } from '../../src/switches/order-switches.ts'
import { silentLog } from '../support/deps.ts'
import { anAccepted, oneRow, openStores, passDeadlines } from '../support/factories/stored-orders.ts'
import { close, open } from '../support/scenes/two-people-switch.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { unnamed } from '../support/unnamed.ts'

let test: Awaited<ReturnType<typeof createTestDatabase>>
let stores: ReturnType<typeof openStores>
beforeAll(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl, 20)
})
afterAll(async () => {
  await stores?.database.close()
  await test?.drop()
})
afterEach(async () => {
  const closed = await stores.database.run<{ scope: string }>(
    unnamed('SELECT scope FROM switch_closings WHERE opened_at IS NULL'),
    [],
  )
  for (const { scope } of closed) await open(test.databaseUrl, scope)
  await sweep()
})

const switches = () => createOrderSwitches(stores.database, () => performance.now())
const admin = (text: string, values: unknown[] = []) => stores.database.run(unnamed(text), values)

let woken: string[] = []
async function sweep() {
  woken = []
  await sweepOrders({
    store: stores.sweeps,
    switches: createSwitchSweep(stores.database, async () => false),
    wake: async (orderIds) => void woken.push(...orderIds),
    wakeNext: async (orderIds) => void woken.push(...orderIds),
    sendDeadlineMs: 20_000,
    wakeAgainMs: 60_000,
    actor: 'sweeper:test',
    log: silentLog,
  })
}

const rowOf = (orderId: string) =>
  oneRow<{ state: string; deadline_at: Date; wake_at: Date | null }>(
    stores.database,
    'SELECT state, deadline_at, wake_at FROM orders WHERE id = $1',
    [orderId],
  )
const waitOf = (orderId: string) =>
  oneRow<{ ms: number; was_given: boolean }>(
    stores.database,
    `SELECT extract(epoch FROM w.ended_at - w.since)::float8 * 1000 AS ms,
       w.ended_at = c.opened_at AND w.since >= c.closed_at AS was_given
     FROM switch_waits w JOIN switch_closings c ON c.id = w.closing_id WHERE w.order_id = $1`,
    [orderId],
  )

describe('an order that waits for a switch', () => {
  it('is woken by the opening, and by nothing before', async () => {
    const orderId = await anAccepted(stores)
    await close(test.databaseUrl, 'everything')
    expect(await switches().waitFor(orderId)).toBe('everything')
    const { wake_at, deadline_at } = await rowOf(orderId)
    expect(wake_at).toEqual(deadline_at)
    await sweep()
    expect(woken).toEqual([])
    await open(test.databaseUrl, 'everything')
    await sweep()
    expect(woken).toEqual([orderId])
    expect((await rowOf(orderId)).deadline_at).toEqual(deadline_at)
  })

  it('expires at its deadline when the closing did not stop it', async () => {
    const orderId = await anAccepted(stores)
    await close(test.databaseUrl, 'everything')
    await switches().waitFor(orderId)
    await passDeadlines(stores.database, { orderId })
    await sweep()
    expect(await rowOf(orderId)).toMatchObject({ state: 'expired' })
  })

  it('keeps its time when the closing stopped the deadlines: exactly what it waited', async () => {
    const orderId = await anAccepted(stores)
    await close(test.databaseUrl, 'everything', { extendsDeadlines: true })
    await switches().waitFor(orderId)
    await passDeadlines(stores.database, { orderId })
    const before = await rowOf(orderId)
    await sweep()
    await stores.store.move('expire', [{ orderId, reason: 'deadline_passed', actor: 'w', detail: null }])
    expect(await rowOf(orderId)).toMatchObject({ state: 'accepted' })
    await open(test.databaseUrl, 'everything')
    expect(await createSwitchSweep(stores.database, async () => false).endWaits(60_000, 500)).toEqual([
      orderId,
    ])
    const after = await rowOf(orderId)
    const { ms, was_given } = await waitOf(orderId)
    expect(was_given).toBe(true)
    expect(after.deadline_at.getTime() - before.deadline_at.getTime()).toBeCloseTo(ms, -1)
  })

  it('keeps its time also when no worker had looked at it before its deadline', async () => {
    const orderId = await anAccepted(stores)
    await close(test.databaseUrl, 'kind:buy', { extendsDeadlines: true })
    await passDeadlines(stores.database, { orderId })
    await sweep()
    expect(await rowOf(orderId)).toMatchObject({ state: 'accepted' })
    await open(test.databaseUrl, 'kind:buy')
    const [{ count } = { count: -1 }] = await stores.database.run<{ count: number }>(
      unnamed('SELECT count(*)::int AS count FROM switch_waits WHERE order_id = $1 AND ended_at IS NULL'),
      [orderId],
    )
    expect(count).toBe(1)
  })

  it('waits for one switch after the other, and no moment is given twice', async () => {
    const orderId = await anAccepted(stores)
    const before = await rowOf(orderId)
    await close(test.databaseUrl, 'kind:buy', { extendsDeadlines: true })
    await close(test.databaseUrl, 'partner:acme', { extendsDeadlines: true })
    expect(await switches().waitFor(orderId)).toBe('kind:buy')
    expect(await switches().waitFor(orderId)).toBe('kind:buy')
    await open(test.databaseUrl, 'kind:buy')
    await sweep()
    expect(await switches().waitFor(orderId)).toBe('partner:acme')
    await open(test.databaseUrl, 'partner:acme')
    await sweep()
    const { union_ms, given_ms } = await oneRow<{ union_ms: number; given_ms: number }>(
      stores.database,
      `SELECT extract(epoch FROM max(ended_at) - min(since))::float8 * 1000 AS union_ms,
         extract(epoch FROM sum(deadline_after - deadline_before))::float8 * 1000 AS given_ms
       FROM switch_waits WHERE order_id = $1`,
      [orderId],
    )
    expect(given_ms).toBeCloseTo(union_ms, 3)
    const after = await rowOf(orderId)
    expect(after.deadline_at.getTime() - before.deadline_at.getTime()).toBeCloseTo(given_ms, -1)
  })

  it('has no other way to a later deadline', async () => {
    const orderId = await anAccepted(stores)
    const later = `UPDATE orders SET deadline_at = deadline_at + interval '1 hour' WHERE id = $1`
    await expect(admin(later, [orderId])).rejects.toMatchObject({ constraint: 'order_identity' })
    await close(test.databaseUrl, 'everything', { extendsDeadlines: true })
    await switches().waitFor(orderId)
    await expect(admin(later, [orderId])).rejects.toMatchObject({ constraint: 'order_identity' })
    await expect(
      admin('UPDATE switch_waits SET ended_at = now() WHERE order_id = $1', [orderId]),
    ).rejects.toMatchObject({ constraint: 'switch_wait_transition' })
    await open(test.databaseUrl, 'everything')
    // Within the transaction that ends the wait: what was given once is not given again, nor anything else.
    for (const change of [
      "deadline_at + interval '1 hour'",
      'w.deadline_after + (w.deadline_after - w.deadline_before)',
    ]) {
      const twice = stores.database.transaction(async (runner) => {
        await runner.run(unnamed('UPDATE switch_waits SET ended_at = now() WHERE order_id = $1'), [orderId])
        await runner.run(
          unnamed(
            'UPDATE orders SET deadline_at = w.deadline_after FROM switch_waits w WHERE id = w.order_id AND id = $1',
          ),
          [orderId],
        )
        await runner.run(
          unnamed(
            `UPDATE orders SET deadline_at = ${change} FROM switch_waits w WHERE id = w.order_id AND id = $1`,
          ),
          [orderId],
        )
      })
      await expect(twice).rejects.toMatchObject({ constraint: 'order_identity' })
    }
  })

  it('is one of very many: they wait without being looked at, and are woken in portions', async () => {
    await admin(`INSERT INTO orders (id, partner, reference, kind, phone_number, content, content_hash, state, reason, actor, deadline_at, wake_at)
      SELECT gen_random_uuid(), 'many', 'many-' || n, 'sell', '081234500001', '{}', 'h', 'accepted', 'submitted', 'p',
        now() + interval '1 hour', now() - interval '1 second' FROM generate_series(1, 1200) n`)
    await close(test.databaseUrl, 'partner:many')
    await sweep()
    expect(woken).toEqual([])
    const waiting = `SELECT count(*)::int AS count FROM switch_waits w JOIN orders o ON o.id = w.order_id
      WHERE o.partner = 'many' AND w.ended_at IS NULL`
    expect(await oneRow(stores.database, waiting)).toEqual({ count: 1200 })
    await sweep()
    expect(woken).toEqual([])
    await open(test.databaseUrl, 'partner:many')
    await sweep()
    expect(new Set(woken).size).toBe(1200)
  })
})
