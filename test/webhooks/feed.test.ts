import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOrderStore } from '../../src/orders/store/order-store.ts'
import type { Statement, StatementRunner } from '../../src/postgres/pool.ts'
import {
  FEED_BEGINNING,
  type FeedEvent,
  type FeedPlace,
  feedKey,
  findFeedsWithNews,
  readFeed,
} from '../../src/webhooks/feed.ts'
import { eventually } from '../support/eventually.ts'
import {
  aConfirming,
  anAccepted,
  anOrderIn,
  openStores,
  outcomes,
} from '../support/factories/stored-orders.ts'
import { aBuy, startTestWeb, type TestWeb } from '../support/servers/web.ts'
import { unnamed } from '../support/unnamed.ts'

let here: TestWeb
let stores: ReturnType<typeof openStores>
let key: string
beforeAll(async () => {
  here = await startTestWeb()
  stores = openStores(here.databaseUrl, 16)
  key = (await here.partner({ name: 'acme' })).key
})
afterAll(async () => {
  await stores?.database.close()
  await here?.stop()
})

/**
 * Waits until the feed shows what was committed by now: any transaction that writes on the server holds it back, those of
 * tests that run beside this one too.
 */
async function shown(): Promise<void> {
  const ask = (text: string) => stores.database.run<{ id: string }>(unnamed(text), [])
  const [now] = await ask('SELECT pg_current_xact_id()::text AS id')
  await eventually(async () => {
    const [horizon] = await ask('SELECT feed_horizon()::text AS id')
    return BigInt(horizon?.id ?? 0) > BigInt(now?.id ?? 0) ? true : null
  })
}

let partners = 0
const aPartner = () => `shop${++partners}`
const read = (partner: string, after: FeedPlace = FEED_BEGINNING, limit = 1_000) =>
  readFeed(stores.database, { partner, after, limit })
const told = (events: readonly FeedEvent[]) =>
  events.map(({ facts }) => `${facts.order?.orderId} ${facts.kind} ${facts.sequence}`)
const cancel = (orderId: string, runner: StatementRunner = stores.database) =>
  createOrderStore(runner).move('cancel', [
    { orderId, reason: 'cancel_requested', actor: 'person:test', detail: { note: 'test' } },
  ])

/** A late reply says that it was executed. */
async function endDoubt(orderId: string, runner: StatementRunner): Promise<void> {
  const { executed, reply } = outcomes.succeeded
  const settlement = {
    orderId,
    reason: 'late_reply',
    actor: 'worker:test',
    detail: {},
    reply,
    executed,
  } as const
  expect(await createOrderStore(runner).settle([settlement])).toEqual([orderId])
}

/** A transaction whose end the test decides. */
async function openTransaction(work: (runner: StatementRunner) => Promise<unknown>) {
  let end = () => {}
  const gate = new Promise<void>((resolve) => {
    end = resolve
  })
  let begun = () => {}
  const ready = new Promise<void>((resolve) => {
    begun = resolve
  })
  let later: StatementRunner | null = null
  const ended = stores.database.transaction(async (runner) => {
    await work(runner)
    later = runner
    begun()
    await gate
  })
  await Promise.race([ready, ended])
  const commit = async () => {
    end()
    await ended
  }
  return { commit, within: () => later ?? stores.database }
}

/** What a reader that follows event ids would get: the newest id it has seen, and what is after it. */
async function followIds(partner: string, after: bigint): Promise<bigint[]> {
  const text = 'SELECT id::text AS id FROM order_events WHERE partner = $1 AND id > $2 ORDER BY id'
  const found = await stores.database.run<{ id: string }>(unnamed(text), [partner, after])
  return found.map(({ id }) => BigInt(id))
}

describe('transactions that commit in another order than their events were written', () => {
  it('make a reader of ids lose an event, and a reader of the feed wait for it', async () => {
    const partner = aPartner()
    const slow = await anAccepted(stores, 'buy', { partner })
    const quick = await anAccepted(stores, 'buy', { partner })
    const first = await openTransaction((runner) => cancel(slow, runner))
    await cancel(quick)

    const [seen = 0n] = await followIds(partner, 0n)
    expect(await read(partner)).toEqual([])
    expect(await findFeedsWithNews(stores.database, [feedKey(partner, FEED_BEGINNING)])).toEqual([])

    await first.commit()
    await shown()
    // The control that is missing there: its cursor is after the event that came late.
    expect(await followIds(partner, seen)).toEqual([])
    expect(await followIds(partner, 0n)).toHaveLength(2)
    const [one, two, ...more] = await read(partner)
    expect(told([one as FeedEvent, two as FeedEvent])).toEqual([
      `${slow} order.cancelled 1`,
      `${quick} order.cancelled 1`,
    ])
    expect(more).toEqual([])
    expect(told(await read(partner, one))).toEqual([`${quick} order.cancelled 1`])
    expect(await findFeedsWithNews(stores.database, [feedKey(partner, FEED_BEGINNING)])).toHaveLength(1)
    expect(await findFeedsWithNews(stores.database, [feedKey(partner, two as FeedEvent)])).toEqual([])
  })

  it('do not turn the events of one order around, whichever transaction is older', async () => {
    // Its transaction has an id before the doubt's has.
    const older = await openTransaction((runner) => runner.run(unnamed('SELECT pg_current_xact_id()'), []))
    const { orderId, seq } = await aConfirming(stores)
    await stores.store.endIntents([{ orderId, seq, outcome: outcomes.in_doubt }], 'worker:test')
    await endDoubt(orderId, older.within())
    await older.commit()
    await shown()
    const events = (await read('acme')).filter(({ facts }) => facts.order?.orderId === orderId)
    expect(told(events)).toEqual([`${orderId} order.in_doubt 1`, `${orderId} order.resolved 2`])
    expect(events.map(({ facts }) => facts.order?.executed?.amount ?? null)).toEqual([null, 441_000])
  })

  it('leave nothing of what was rolled back', async () => {
    const partner = aPartner()
    const orderId = await anAccepted(stores, 'buy', { partner })
    await stores.database
      .transaction(async (runner) => {
        await cancel(orderId, runner)
        throw new Error('rolled back')
      })
      .catch(() => {})
    expect(await read(partner)).toEqual([])
    await cancel(orderId)
    await shown()
    expect(told(await read(partner))).toEqual([`${orderId} order.cancelled 1`])
  })
})

describe('readers that follow the cursor while many write', () => {
  it('see every event exactly once, all in the same order, and each order’s in its own', async () => {
    const names = [aPartner(), aPartner()]
    let isOver = false
    const readers = names.flatMap((partner) =>
      [1, 3, 50].map(async (limit) => {
        const seen: FeedEvent[] = []
        for (let quiet = 0; quiet < 2; ) {
          const wasOver = isOver
          const found = await read(partner, seen.at(-1), limit)
          seen.push(...found)
          quiet = wasOver && found.length === 0 ? quiet + 1 : 0
          if (found.length === 0) await pause(2)
        }
        return { partner, seen }
      }),
    )
    const writers = Array.from({ length: 8 }, (_, number) => writeSome(names[number % 2] ?? '', number))
    const written = await Promise.all(writers)
    await shown()
    isOver = true
    const all = await Promise.all(readers)
    for (const partner of names) {
      const [once = [], ...others] = [
        ...all.filter((each) => each.partner === partner).map(({ seen }) => told(seen)),
        told(await read(partner)),
      ]
      const expected = written.filter((each) => each.partner === partner).flatMap((each) => each.told)
      expect(once.toSorted()).toEqual(expected.toSorted())
      for (const other of others) expect(other).toEqual(once)
      for (const line of once.filter((each) => each.endsWith(' 2')))
        expect(once.indexOf(line)).toBeGreaterThan(
          once.indexOf(line.replace('order.resolved 2', 'order.in_doubt 1')),
        )
    }
  })
})

/** Ends orders in transactions of one to three, some of which take long or are rolled back. */
async function writeSome(partner: string, seed: number) {
  const lines: string[] = []
  let state = seed + 1
  const random = () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  for (let round = 0; round < 6; round += 1) {
    const orderIds = [
      await anAccepted(stores, 'buy', { partner }),
      await anAccepted(stores, 'sell', { partner }),
    ]
    const isKept = random() > 0.25
    await stores.database
      .transaction(async (runner) => {
        for (const orderId of orderIds) {
          await cancel(orderId, runner)
          await pause(random() * 12)
        }
        if (!isKept) throw new Error('rolled back')
      })
      .catch(() => {})
    if (isKept) lines.push(...orderIds.map((orderId) => `${orderId} order.cancelled 1`))
    lines.push(...(await doubted(partner, random)))
  }
  return { partner, told: lines }
}

/** An order in doubt whose doubt ends in a transaction that began before it. */
async function doubted(partner: string, random: () => number): Promise<string[]> {
  const orderId = await anAccepted(stores, 'buy', { partner })
  const intentId = crypto.randomUUID()
  const quote = {
    quoteId: intentId,
    goldWeight: 5_000 as never,
    amount: 441_000 as never,
    fee: 5_000 as never,
  }
  await stores.store.commitIntents([{ orderId, intentId, quote }], 'worker:test')
  await stores.database.transaction(async (runner) => {
    if (random() > 0.5) await runner.run(unnamed('SELECT pg_current_xact_id()'), [])
    await stores.store.endIntents([{ orderId, seq: 1, outcome: outcomes.in_doubt }], 'worker:test')
    await pause(random() * 8)
    await endDoubt(orderId, runner)
  })
  return [`${orderId} order.in_doubt 1`, `${orderId} order.resolved 2`]
}

describe('GET /v1/events', () => {
  const events = async (query: string, by = key) => {
    const reply = await here.ask('GET', `/v1/events?${query}`, { key: by })
    expect(reply.status).toBe(200)
    return reply.json as { events: { data: { reference: string } }[]; next: string; more: boolean }
  }

  it('gives the partner’s own events page by page, as webhooks have them', async () => {
    const shop = await here.partner()
    const placed: string[] = []
    for (const reference of ['one', 'two', 'three']) {
      const { json } = await here.ask('POST', '/v1/orders', { key: shop.key, body: aBuy({ reference }) })
      placed.push(String(json.id))
      await cancel(String(json.id))
    }
    await shown()
    const page = await events('limit=2', shop.key)
    expect(page).toMatchObject({
      more: true,
      events: [{ data: { reference: 'one' } }, { data: { reference: 'two' } }],
    })
    expect(page.events[0]).toMatchObject({
      type: 'order.cancelled',
      data: { order_id: placed[0], sequence: 1, partner: shop.name, state: 'cancelled', executed: null },
    })
    const rest = await events(`limit=2&after=${page.next}`, shop.key)
    expect(rest).toMatchObject({ more: false, events: [{ data: { reference: 'three' } }] })
    const none = await events(`after=${rest.next}`, shop.key)
    expect(none).toEqual({ events: [], next: rest.next, more: false })
    // A cursor grants nothing.
    expect((await events(`after=${page.next}`, (await here.partner()).key)).events).toEqual([])
  })

  it('begins with after=now behind what could be read, and before what a transaction writes meanwhile', async () => {
    const shop = await here.partner()
    const place = async (reference: string) => {
      const { json } = await here.ask('POST', '/v1/orders', { key: shop.key, body: aBuy({ reference }) })
      return String(json.id)
    }
    await cancel(await place('before'))
    await shown()
    const meanwhile = await place('meanwhile')
    const writing = await openTransaction((runner) => cancel(meanwhile, runner))
    const now = await events('after=now', shop.key)
    expect(now).toMatchObject({ events: [], more: false })
    await writing.commit()
    await cancel(await place('after'))
    await shown()
    expect((await events(`after=${now.next}`, shop.key)).events).toMatchObject([
      { data: { reference: 'meanwhile' } },
      { data: { reference: 'after' } },
    ])
  })

  it('waits for news, and answers without them when the time is over', async () => {
    const shop = await here.partner()
    const { json } = await here.ask('POST', '/v1/orders', {
      key: shop.key,
      body: aBuy({ reference: 'late' }),
    })
    expect((await events('wait=1', shop.key)).events).toEqual([])
    const waiting = events('wait=30', shop.key)
    await pause(300)
    await cancel(String(json.id))
    expect((await waiting).events).toMatchObject([{ data: { reference: 'late' } }])
  })

  it('refuses a cursor of before a restore, and what is no cursor', async () => {
    const { next } = await events('limit=1')
    await here.database.run(
      unnamed(`INSERT INTO recoveries (from_identity, identity, alive_at, found_at, recovered_by, note)
        VALUES ('a', 'b', now(), now(), 'ani', 'test')`),
      [],
    )
    const outdated = await here.ask('GET', `/v1/events?after=${next}`, { key })
    expect(outdated).toMatchObject({ status: 409, json: { code: 'cursor_outdated' } })
    const wrong = await here.ask('GET', '/v1/events?after=MQ', { key })
    expect(wrong).toMatchObject({ status: 400, json: { errors: [{ field: 'after' }] } })
    expect((await events('')).events.length).toBeGreaterThan(0)
  })

  it('reaches its rows by the index of feeds alone', async () => {
    await anOrderIn(stores, 'succeeded')
    const kept: string[] = []
    const spy = {
      run: async ({ text }: Statement) => {
        kept.push(text)
        return []
      },
    } as unknown as StatementRunner
    await readFeed(spy, { partner: 'acme', after: FEED_BEGINNING, limit: 100 })
    await findFeedsWithNews(spy, [feedKey('acme', FEED_BEGINNING)])
    for (const before of ['SET enable_seqscan = off', 'ANALYZE order_events'])
      for (const text of kept) {
        const plan = await stores.database.transaction(async (runner) => {
          await runner.run(unnamed(before), [])
          await runner.run(unnamed('SET LOCAL enable_seqscan = off'), [])
          return JSON.stringify(await runner.run(unnamed(`EXPLAIN (FORMAT JSON, GENERIC_PLAN) ${text}`), []))
        })
        expect(plan).toMatch(/"Index Name":"order_events_feed"/)
        expect(plan).not.toMatch(/"Node Type":"(Sort|Seq Scan)"[^}]*"order_events"/)
        expect(plan).not.toContain('"Node Type":"Sort"')
      }
  })
})
