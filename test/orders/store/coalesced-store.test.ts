import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OrderStore } from '../../../src/orders/ports.ts'
import { coalescedStore } from '../../../src/orders/store/coalesced-store.ts'
import { parseSubmission } from '../../../src/orders/submission.ts'
import { StorageError } from '../../../src/postgres/storage-error.ts'
import { jobData } from '../../support/factories/job-data.ts'
import {
  aConfirming,
  anAccepted,
  aQuote,
  aWallet,
  openStores,
  outcomes,
  requireStored,
  tracesOf,
} from '../../support/factories/stored-orders.ts'
import { createTestDatabase } from '../../support/servers/postgres.ts'

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

/** The coalesced store over the real one, and the sizes of the statements that reach it. */
function watched(changed: Partial<OrderStore> = {}) {
  const sizes: number[] = []
  const inner = { ...stores.store, ...changed }
  const counted =
    <Rows extends readonly unknown[], Rest extends unknown[], Result>(
      call: (rows: Rows, ...rest: Rest) => Result,
    ) =>
    (rows: Rows, ...rest: Rest) => {
      sizes.push(rows.length)
      return call(rows, ...rest)
    }
  const store = coalescedStore({
    ...inner,
    submit: counted(inner.submit),
    commitIntents: counted(inner.commitIntents),
    withdrawIntents: counted(inner.withdrawIntents),
    endIntents: counted(inner.endIntents),
  })
  return { store, sizes }
}

const anIntent = (orderId: string) => ({ orderId, intentId: randomUUID(), quote: aQuote() })
const accepted = (count: number) => Promise.all(Array.from({ length: count }, () => anAccepted(stores)))
const statesOf = async (orderIds: readonly string[]) => {
  const states = new Map((await stores.store.load(orderIds)).map(({ orderId, state }) => [orderId, state]))
  return orderIds.map((orderId) => states.get(orderId))
}
const gone = () =>
  new StorageError('commit_intents', Object.assign(new Error('gone'), { code: 'ECONNRESET' }))

describe('intents of concurrent orders', () => {
  it('share a statement, and each caller gets its own', async () => {
    const { store, sizes } = watched()
    const intents = (await accepted(8)).map(anIntent)
    const committed = await Promise.all(intents.map((intent) => store.commitIntents([intent], 'w')))
    expect(committed).toEqual(intents.map(({ orderId, intentId }) => [{ orderId, intentId, seq: 1 }]))
    expect(sizes).toEqual([8])
  })

  it('keep the trace of each, and an order without one has none', async () => {
    const { store, sizes } = watched()
    const traces = ['a1'.repeat(16), 'b2'.repeat(16), null] as const
    const orderIds = await accepted(traces.length)
    const intents = traces.map((traceId, n) => ({ ...anIntent(orderIds[n] ?? ''), traceId }))
    await Promise.all(intents.map((intent) => store.commitIntents([intent], 'w')))
    expect(sizes).toEqual([3])
    const named = await Promise.all(orderIds.map((orderId) => tracesOf(stores, orderId)))
    expect(named).toEqual(traces.map((traceId) => [traceId]))
  })

  it('half of which lose: who is not returned an intent is told so, and the others have theirs', async () => {
    const { store } = watched()
    const orderIds = await accepted(8)
    const lost = orderIds.filter((_, position) => position % 2 === 0)
    await stores.store.commitIntents(lost.map(anIntent), 'another')
    const committed = await Promise.all(orderIds.map((id) => store.commitIntents([anIntent(id)], 'w')))
    expect(committed.map(({ length }) => length)).toEqual([0, 1, 0, 1, 0, 1, 0, 1])
  })

  it('of one order: exactly one caller gets the intent, however they meet', async () => {
    const { store, sizes } = watched()
    const [orderId = ''] = await accepted(1)
    const committed = await Promise.all(
      Array.from({ length: 6 }, () => store.commitIntents([anIntent(orderId)], 'w')),
    )
    expect(committed.flat()).toHaveLength(1)
    expect(Math.max(...sizes)).toBe(1)
  })

  it('of one order in one statement: the one that is returned is told by its id', async () => {
    const [orderId = ''] = await accepted(1)
    const intents = [anIntent(orderId), anIntent(orderId)]
    const committed = await stores.store.commitIntents(intents, 'w')
    expect(committed).toHaveLength(1)
    expect(intents.map(({ intentId }) => intentId)).toContain(committed[0]?.intentId)
  })

  it('with one quote that the gateway gave one wallet twice: one of the two orders may send', async () => {
    const { store, sizes } = watched()
    const quote = aQuote()
    const phone_number = aWallet()
    const orderIds = [
      await anAccepted(stores, 'buy', { phone_number }),
      await anAccepted(stores, 'buy', { phone_number }),
    ]
    const intents = orderIds.map((orderId) => ({ ...anIntent(orderId), quote }))
    const committed = await Promise.all(intents.map((intent) => store.commitIntents([intent], 'w')))
    expect(committed.flat()).toHaveLength(1)
    expect(sizes).toEqual([2])
  })

  it('one of which is cancelled meanwhile: it sends or is cancelled, never both, and no other is touched', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { store } = watched()
      const orderIds = await accepted(4)
      const [cancelled = ''] = orderIds
      const cancel = { orderId: cancelled, reason: 'cancel_requested', actor: 'p', detail: null } as const
      const [committed, moved] = await Promise.all([
        Promise.all(orderIds.map((id) => store.commitIntents([anIntent(id)], 'w'))),
        stores.store.move('cancel', [cancel]),
      ])
      expect((committed[0]?.length ?? 0) + moved.length).toBe(1)
      expect(committed.slice(1).map(({ length }) => length)).toEqual([1, 1, 1])
    }
  })

  it('one of which Postgres refuses: it alone fails', async () => {
    const { store, sizes } = watched()
    const intents = (await accepted(4)).map(anIntent)
    const [first] = intents
    if (first === undefined) throw new Error('no intent')
    const bad = { ...first, quote: { ...first.quote, goldWeight: 0 as never } }
    const ends = await Promise.allSettled(
      [bad, ...intents.slice(1)].map((intent) => store.commitIntents([intent], 'w')),
    )
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
    expect(sizes).toEqual([4, 1, 1, 1, 1])
    expect(await statesOf(intents.map(({ orderId }) => orderId))).toEqual([
      'accepted',
      'confirming',
      'confirming',
      'confirming',
    ])
  })

  it('whose COMMIT is of unknown fate: none is asked about again, and each gives back its own', async () => {
    const { store, sizes } = watched({
      async commitIntents(intents, actor) {
        await stores.store.commitIntents(intents, actor)
        throw gone()
      },
    })
    const intents = (await accepted(3)).map(anIntent)
    const ends = await Promise.allSettled(intents.map((intent) => store.commitIntents([intent], 'w')))
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    const withdrawn = await Promise.all(intents.map((intent) => store.withdrawIntents([intent], 'w')))
    expect(withdrawn).toEqual(intents.map(({ orderId }) => [orderId]))
    expect(sizes).toEqual([3, 3])
    expect(await statesOf(intents.map(({ orderId }) => orderId))).toEqual([
      'accepted',
      'accepted',
      'accepted',
    ])
  })
})

describe('verdicts of concurrent orders', () => {
  it('share a statement, and each ends its own order as its own outcome says', async () => {
    const { store, sizes } = watched()
    const kinds = ['succeeded', 'rejected', 'price_changed', 'in_doubt', 'not_sent'] as const
    const held = await Promise.all(kinds.map(() => aConfirming(stores)))
    const recorded = await Promise.all(
      held.map((intent, n) => {
        const outcome = outcomes[kinds[n] ?? 'in_doubt']
        return store.endIntents([{ ...intent, outcome }], 'w')
      }),
    )
    const states = ['succeeded', 'rejected', 'accepted', 'in_doubt', 'accepted']
    expect(recorded.map(([row]) => row?.state)).toEqual(states)
    expect(recorded.map(([row]) => row?.orderId)).toEqual(held.map(({ orderId }) => orderId))
    expect(await statesOf(held.map(({ orderId }) => orderId))).toEqual(states)
    expect(sizes).toEqual([5])
  })

  it('one of which Postgres refuses: the others are recorded', async () => {
    const { store } = watched()
    const held = await Promise.all([aConfirming(stores), aConfirming(stores), aConfirming(stores)])
    const { succeeded } = outcomes
    const bad = { ...succeeded, executed: { ...succeeded.executed, amount: -1 as never } }
    const ends = await Promise.allSettled(
      held.map((intent, n) =>
        store.endIntents([{ ...intent, outcome: n === 1 ? bad : outcomes.succeeded }], 'w'),
      ),
    )
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await statesOf(held.map(({ orderId }) => orderId))).toEqual([
      'succeeded',
      'confirming',
      'succeeded',
    ])
  })

  it('with one session_id for two orders in one statement: one is executed, the other stays to be told', async () => {
    const { store } = watched()
    const held = await Promise.all([aConfirming(stores), aConfirming(stores)])
    const { succeeded } = outcomes
    const ends = await Promise.allSettled(
      held.map((intent) => store.endIntents([{ ...intent, outcome: succeeded }], 'w')),
    )
    const states = ends.flatMap((end) =>
      end.status === 'fulfilled' ? end.value.map(({ state }) => state) : [],
    )
    expect(states.sort()).toEqual(['in_doubt', 'succeeded'])
  })
})

describe('submissions', () => {
  it('of one reference at once are one order, and another content is told as the order that stands', async () => {
    const { store, sizes } = watched()
    const data = jobData.buy()
    const [same, other] = [data, { ...data, gold_weight: 7 }].map((each) => parseSubmission('buy', each))
    if (same === undefined || other === undefined) throw new Error('no submission')
    const stored = await Promise.all(
      [same, other, same].map((submission) => store.submit([{ orderId: randomUUID(), submission }])),
    )
    expect(new Set(stored.map(([order]) => requireStored(order).orderId)).size).toBe(1)
    expect(new Set(stored.map(([order]) => requireStored(order).contentHash))).toEqual(
      new Set([same.contentHash]),
    )
    expect(sizes).toEqual([1, 1, 1])
  })

  it('of several partners share a statement, and each event has its own actor', async () => {
    const { store, sizes } = watched()
    const submissions = ['acme', 'globex'].map((partner, position) =>
      parseSubmission('buy', jobData.buy({ partner, phone_number: `08123450088${position}` })),
    )
    const stored = await Promise.all(
      submissions.map((submission) => store.submit([{ orderId: randomUUID(), submission }])),
    )
    expect(sizes).toEqual([2])
    for (const [position, [order]] of stored.entries()) {
      const [event] = await stores.database.run<{ actor: string }>(
        { name: '', text: 'SELECT actor FROM order_events WHERE order_id = $1' },
        [requireStored(order).orderId],
      )
      expect(event?.actor).toBe(`partner:${submissions[position]?.partner}`)
    }
  })
})
