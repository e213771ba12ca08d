import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OrderDeps } from '../../src/orders/deps.ts'
import { executeOrder } from '../../src/orders/execute.ts'
import type { OrderGateway } from '../../src/orders/gateway-port.ts'
import { createOrderStore } from '../../src/orders/store/order-store.ts'
import { scriptedGateway, testEffects } from '../support/deps.ts'
import {
  anAccepted,
  aQuote,
  aWallet,
  oneRow,
  openStores,
  outcomes,
  passDeadlines,
} from '../support/factories/stored-orders.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { inSession } from '../support/servers/sessions.ts'
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

type Kind = Parameters<typeof anAccepted>[1]

/** Orders of these kinds, accepted one after the other, all of one wallet. */
async function aLane<Kinds extends readonly Kind[]>(
  ...kinds: Kinds
): Promise<{ [K in keyof Kinds]: string }> {
  const phone_number = aWallet()
  const orderIds: string[] = []
  for (const kind of kinds) orderIds.push(await anAccepted(stores, kind, { phone_number }))
  return orderIds as { [K in keyof Kinds]: string }
}

async function load(orderId: string) {
  const [order] = await stores.store.load([orderId])
  if (order === undefined) throw new Error('no such order')
  return order
}

async function execute(
  orderId: string,
  gateway: OrderGateway = scriptedGateway({}),
  overrides: Partial<OrderDeps> = {},
) {
  return await executeOrder(await load(orderId), testEffects(stores.store, gateway, overrides))
}

const doubting = () => scriptedGateway({ confirms: [outcomes.in_doubt] })
const commit = (...orderIds: string[]) =>
  stores.store.commitIntents(
    orderIds.map((orderId) => ({ orderId, intentId: randomUUID(), quote: aQuote() })),
    'worker:test',
  )
const plain = (orderId: string) => ({ orderId, actor: 'person:test', detail: { note: 'test' } })
const cancel = (orderId: string) =>
  stores.store.move('cancel', [{ ...plain(orderId), reason: 'cancel_requested' }])
const wokenNow = () => stores.sweeps.takeTurns(60_000, 1_000)

/** Whether an order sleeps until its deadline. */
const sleeps = async (orderId: string) =>
  (
    await oneRow<{ sleeps: boolean }>(
      stores.database,
      'SELECT wake_at = deadline_at AS sleeps FROM orders WHERE id = $1',
      [orderId],
    )
  ).sleeps

/** Settles a doubt as a late reply does. */
const settle = (orderId: string) =>
  stores.store.settle([
    {
      orderId,
      reason: 'late_reply',
      actor: 'worker:test',
      detail: {},
      reply: null,
      executed: null,
    },
  ])

describe('orders of one wallet', () => {
  it('are confirmed one at a time, whichever workers run them at once', async () => {
    const orderIds = await aLane('sell', 'sell', 'buy', 'transfer')
    let atOnce = 0
    let most = 0
    const confirm = async () => {
      atOnce += 1
      most = Math.max(most, atOnce)
      await wait(50)
      atOnce -= 1
      return outcomes.succeeded
    }
    await Promise.all(orderIds.map((id) => execute(id, scriptedGateway({ confirms: [confirm] }))))
    expect(most).toBe(1)
  })

  it('go in the order of their acceptance: the later one takes no quote, and sleeps', async () => {
    const [first, second] = await aLane('sell', 'buy')
    const gateway = scriptedGateway({})
    expect(await execute(second, gateway)).toEqual({ is: 'waiting', waitsFor: first })
    expect(gateway.checkouts).toBe(0)
    expect(await sleeps(second)).toBe(true)
    expect(await execute(first)).toMatchObject({ state: 'succeeded' })
    expect(await wokenNow()).toContain(second)
    expect(await execute(second)).toMatchObject({ state: 'succeeded' })
  })

  it('in one statement: the first of them gets its intent', async () => {
    const [first, second, third] = await aLane('sell', 'sell', 'sell')
    expect((await commit(third, second, first)).map(({ orderId }) => orderId)).toEqual([first])
  })

  it('at two workers in the same moment: exactly one gets its intent', async () => {
    for (let round = 0; round < 20; round += 1) {
      const [first, second] = await aLane('sell', 'sell')
      const committed = await Promise.all([commit(second), commit(first)])
      expect(committed.flat().map(({ orderId }) => orderId)).toEqual([first])
    }
  })

  it('one of which was committed late with an earlier place: one in flight all the same', async () => {
    const [early, late] = await aLane('sell', 'sell')
    // The early one is not there yet, as if its transaction were still open.
    await stores.store.move('hold', [{ ...plain(early), reason: 'held_by_person' }])
    expect(await commit(late)).toHaveLength(1)
    await stores.store.move('release', [{ ...plain(early), reason: 'released_by_person' }])
    expect(await commit(early)).toEqual([])
    expect(await execute(early)).toEqual({ is: 'waiting', waitsFor: late })
  })

  it('keep their place when the gateway is in trouble or the price changes', async () => {
    const [first, second] = await aLane('sell', 'sell')
    const away = scriptedGateway({ checkouts: [{ is: 'trouble', message: 'ECONNREFUSED' }] })
    expect(await execute(first, away)).toMatchObject({ is: 'later' })
    expect(await execute(second)).toEqual({ is: 'waiting', waitsFor: first })
    const changing = scriptedGateway({ confirms: [outcomes.price_changed] })
    expect(await execute(first, changing)).toMatchObject({ is: 'later' })
    expect(await wokenNow()).not.toContain(second)
    expect(await execute(second)).toEqual({ is: 'waiting', waitsFor: first })
  })

  it.each(['refused', 'held at its checkout', 'cancelled', 'expired', 'held by a person'])(
    'that is %s lets the next one go',
    async (how) => {
      const [first, second] = await aLane('sell', 'buy')
      expect(await execute(second)).toMatchObject({ is: 'waiting' })
      if (how === 'refused')
        await execute(
          first,
          scriptedGateway({
            checkouts: [{ is: 'refused', reason: 'user_not_found', message: 'User not found' }],
          }),
        )
      if (how === 'held at its checkout')
        await execute(first, scriptedGateway({ checkouts: [{ is: 'executed', message: 'Success' }] }))
      if (how === 'cancelled') await cancel(first)
      if (how === 'held by a person')
        await stores.store.move('hold', [{ ...plain(first), reason: 'held_by_person' }])
      if (how === 'expired') {
        await passDeadlines(stores.database, { orderId: first })
        await stores.sweeps.expireOverdue('sweeper:test', 1_000)
      }
      expect(await wokenNow()).toContain(second)
      expect(await execute(second)).toMatchObject({ state: 'succeeded' })
    },
  )

  it('of different wallets do not wait for each other, nor does a recipient', async () => {
    const [first] = await aLane('sell')
    const recipient = (await load(first)).phoneNumber
    const other = await anAccepted(stores, 'transfer', { recipient })
    await commit(first)
    expect(await commit(other)).toHaveLength(1)
  })

  it('are woken one by one: the end of one wakes the next, and no other', async () => {
    const lane = await aLane('sell', 'sell', 'sell', 'sell')
    await Promise.all(lane.slice(1).map((orderId) => execute(orderId)))
    for (const [place, orderId] of lane.entries()) {
      await execute(orderId)
      const next = lane[place + 1]
      expect((await wokenNow()).filter((id) => lane.includes(id))).toEqual(next === undefined ? [] : [next])
    }
  })

  it('that waits expires at its deadline', async () => {
    const [first, second] = await aLane('sell', 'sell')
    await commit(first)
    await execute(second)
    await passDeadlines(stores.database, { orderId: second })
    expect(await stores.sweeps.expireOverdue('sweeper:test', 1_000)).toContain(second)
  })

  it('whose wake was lost is woken by the one after it', async () => {
    const [first, second, third] = await aLane('sell', 'sell', 'sell')
    await execute(second)
    await execute(first)
    expect(await wokenNow()).toContain(second)
    await stores.database.run(unnamed('UPDATE orders SET wake_at = deadline_at WHERE id = $1'), [second])
    expect(await execute(third)).toEqual({ is: 'waiting', waitsFor: second })
    expect(await wokenNow()).toContain(second)
  })
})

describe('a wallet in doubt', () => {
  it('lets buys go on, and keeps sells, transfers and withdrawals until the doubt is settled', async () => {
    const [doubt, sell, transfer, withdraw, buy, last] = await aLane(
      'buy',
      'sell',
      'transfer',
      'withdraw',
      'buy',
      'buy',
    )
    for (const orderId of [sell, transfer, withdraw, buy, last])
      expect(await execute(orderId)).toMatchObject({ is: 'waiting' })
    expect(await execute(doubt, doubting())).toMatchObject({ state: 'in_doubt' })
    expect(await wokenNow()).toContain(buy)
    for (const debit of [sell, transfer, withdraw]) {
      expect(await execute(debit)).toEqual({ is: 'waiting', waitsFor: doubt })
      expect(await commit(debit)).toEqual([])
    }
    expect(await execute(last)).toEqual({ is: 'waiting', waitsFor: buy })
    expect(await execute(buy)).toMatchObject({ state: 'succeeded' })
    expect(await execute(last)).toMatchObject({ state: 'succeeded' })
    await wokenNow()
    expect(await execute(sell)).toEqual({ is: 'waiting', waitsFor: doubt })
    expect(await settle(doubt)).toEqual([doubt])
    expect(await wokenNow()).toContain(sell)
    expect(await execute(sell)).toMatchObject({ state: 'succeeded' })
  })

  it('whose checkout executed keeps its debits, too', async () => {
    const [held, sell, buy] = await aLane('sell', 'sell', 'buy')
    await execute(held, scriptedGateway({ checkouts: [{ is: 'executed', message: 'Success' }] }))
    expect(await execute(sell)).toEqual({ is: 'waiting', waitsFor: held })
    expect(await execute(buy)).toMatchObject({ state: 'succeeded' })
  })

  it('lets its debits go on when the setting says so', async () => {
    const [doubt, sell, buy] = await aLane('buy', 'sell', 'buy')
    await execute(doubt, doubting())
    const store = createOrderStore(stores.database, { debitsWait: false })
    const run = async (orderId: string) => {
      const [order] = await store.load([orderId])
      if (order === undefined) throw new Error('no such order')
      return await executeOrder(order, testEffects(store, scriptedGateway({})))
    }
    expect(await run(buy)).toEqual({ is: 'waiting', waitsFor: sell })
    expect(await run(sell)).toMatchObject({ state: 'succeeded' })
    expect(await wokenNow()).toContain(buy)
  })

  it('that ends while a buy behind it is in flight: the debit has its turn after the buy', async () => {
    const [doubt, sell, buy] = await aLane('buy', 'sell', 'buy')
    await execute(doubt, doubting())
    await execute(sell)
    const [intent] = await commit(buy)
    if (intent === undefined) throw new Error('no intent')
    await settle(doubt)
    expect(await execute(sell)).toEqual({ is: 'waiting', waitsFor: buy })
    await wokenNow()
    await stores.store.endIntents([{ ...intent, outcome: outcomes.price_changed }], 'worker:test')
    expect(await wokenNow()).toContain(sell)
    expect(await execute(buy)).toEqual({ is: 'waiting', waitsFor: sell })
  })
})

describe('an order that decides to wait while the one before it ends', () => {
  it('goes at once, looks again, or is woken: it never sleeps with nobody before it', async () => {
    for (let round = 0; round < 25; round += 1) {
      const [first, second] = await aLane('sell', 'sell')
      const [intent] = await commit(first)
      if (intent === undefined) throw new Error('no intent')
      const end = { ...intent, outcome: outcomes.succeeded }
      await Promise.all([
        stores.store.endIntents([end], 'worker:test'),
        stores.store.waitForTurn([second]),
        stores.store.waitForTurn([second]),
      ])
      expect(await sleeps(second)).toBe(false)
    }
  })

  it('sleeps no more when the one before it ends while another worker looks', async () => {
    const [first, second] = await aLane('sell', 'sell')
    const [intent] = await commit(first)
    if (intent === undefined) throw new Error('no intent')
    await stores.store.waitForTurn([second])
    expect(await sleeps(second)).toBe(true)
    await stores.database.transaction(async (runner) => {
      await runner.run(unnamed('SELECT 1 FROM orders WHERE id = $1 FOR NO KEY UPDATE'), [second])
      // Skips the row that is held, and so does not wake it.
      await stores.store.endIntents([{ ...intent, outcome: outcomes.succeeded }], 'worker:test')
      expect(await createOrderStore(runner).waitForTurn([second])).toEqual([])
    })
    expect(await sleeps(second)).toBe(false)
  })

  it('is not made to sleep by one whose cancellation is not committed yet', async () => {
    const [first, second] = await aLane('sell', 'sell')
    await stores.database.transaction(async (runner) => {
      const move = [{ ...plain(first), reason: 'cancel_requested' }] as const
      await createOrderStore(runner).move('cancel', move)
      expect(await execute(second)).toMatchObject({ is: 'later' })
    })
    expect(await execute(second)).toMatchObject({ state: 'succeeded' })
  })

  it('neither blocks nor deadlocks statements about many lanes at once', async () => {
    const lanes = await Promise.all(Array.from({ length: 8 }, () => aLane('sell', 'sell', 'sell')))
    const intents = await commit(...lanes.map(([first]) => first))
    const ends = intents.map((intent) => ({ ...intent, outcome: outcomes.succeeded }))
    const move = lanes.map(([, second]) => ({ ...plain(second), reason: 'cancel_requested' }) as const)
    await Promise.all([
      stores.store.endIntents(ends, 'worker:test'),
      stores.store.move('cancel', move.reverse()),
      stores.store.waitForTurn(lanes.flatMap(([, second, third]) => [third, second])),
      stores.store.waitForTurn(lanes.map(([, , third]) => third)),
    ])
    for (const [, , third] of lanes) expect(await sleeps(third)).toBe(false)
  })
})

describe('a wallet with 10,000 waiting orders', () => {
  it('costs a look and a wake no more than one with few', async () => {
    const wallet = aWallet()
    const [last] = await stores.database.run<{ id: string }>(
      unnamed(`INSERT INTO orders (id, partner, reference, kind, phone_number, content, content_hash, state, reason, actor,
          accepted_at, deadline_at, wake_at)
        SELECT gen_random_uuid(), 'acme', 'long-' || n, CASE WHEN n % 2 = 0 THEN 'sell' ELSE 'buy' END, $1, '{}', 'h',
          'accepted', 'submitted', 'p', now() + n * interval '1 ms', now() + interval '1 day', now() + interval '1 day'
        FROM generate_series(1, 10000) n RETURNING id`),
      [wallet],
    )
    if (last === undefined) throw new Error('no order')
    // One session, and the least of many calls: those that plan read the catalogue, also after autovacuum has been there.
    const [looked, woken] = await inSession(test.databaseUrl, async (session) => {
      const pages = async (call: string) => {
        const [row] = await session.run<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
          unnamed(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT ${call} FROM orders o
            WHERE phone_number = '${wallet}' AND reference = 'long-9999' AND partner = 'acme'`),
        )
        const plan = row?.['QUERY PLAN'][0].Plan ?? {}
        return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0)
      }
      const look = 'lane_front(o.id, o.phone_number, o.kind, o.accepted_at, true)'
      const wake = "wake_lane(o.phone_number, 'infinity', o.id)"
      const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
      for (let call = 0; call < 20; call += 1) {
        least[0] = Math.min(least[0] ?? 0, await pages(look))
        least[1] = Math.min(least[1] ?? 0, await pages(wake))
      }
      return least
    })
    expect(looked).toBeLessThan(60)
    expect(woken).toBeLessThan(60)
  })
})
