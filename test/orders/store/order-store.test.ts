import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Quote } from '../../../src/orders/outcomes.ts'
import { parseSubmission } from '../../../src/orders/submission.ts'
import { jobData } from '../../support/factories/job-data.ts'
import {
  aConfirming,
  anAccepted,
  anOrderIn,
  aQuote,
  aWallet,
  oneRow,
  openStores,
  outcomes,
  requireStored,
} from '../../support/factories/stored-orders.ts'
import { createTestDatabase } from '../../support/servers/postgres.ts'
import { unnamed } from '../../support/unnamed.ts'

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

const stateOf = async (orderId: string) => {
  const [order] = await stores.store.load([orderId])
  return order === undefined ? null : { state: order.state, reason: order.reason }
}

describe('submitting', () => {
  it('stores an order once, however often and at once it is asked to', async () => {
    const submission = parseSubmission('buy', jobData.buy())
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => stores.store.submit([{ orderId: randomUUID(), submission }])),
    )
    expect(new Set(answers.map(([order]) => requireStored(order).orderId)).size).toBe(1)
  })

  it('stores no new order whose deadline has passed, and what stands beside it all the same', async () => {
    const late = parseSubmission('buy', jobData.buy({ deadline: '2020-01-01T00:00:00Z' }))
    const good = parseSubmission('buy', jobData.buy({ deadline: '2999-01-01T00:00:00Z' }))
    const orders = [late, good].map((submission) => ({ orderId: randomUUID(), submission }))
    const [refused, stored] = await stores.store.submit(orders)
    expect([refused, requireStored(stored).contentHash]).toEqual(['overdue', good.contentHash])
  })

  it('finds an order again whose deadline has passed since, and its conflict', async () => {
    const data = jobData.buy({ deadline: '2020-01-01T00:00:00Z' })
    const orderId = await anAccepted(stores, 'buy', data)
    for (const overrides of [{}, { gold_weight: 7 }]) {
      const submission = parseSubmission('buy', { ...data, ...overrides })
      const [again] = await stores.store.submit([{ orderId: randomUUID(), submission }])
      expect(requireStored(again).orderId).toBe(orderId)
    }
  })

  it('answers with the first order when the content is another', async () => {
    const data = jobData.buy()
    const first = parseSubmission('buy', data)
    const second = parseSubmission('buy', { ...data, gold_weight: 7 })
    const [stored] = await stores.store.submit([{ orderId: randomUUID(), submission: first }])
    const [again] = await stores.store.submit([{ orderId: randomUUID(), submission: second }])
    expect(again).toMatchObject({ orderId: requireStored(stored).orderId, contentHash: first.contentHash })
  })

  it('takes many orders in one statement and answers in their order', async () => {
    const known = parseSubmission('sell', jobData.sell())
    await stores.store.submit([{ orderId: randomUUID(), submission: known }])
    const submissions = [
      parseSubmission('buy', jobData.buy()),
      known,
      parseSubmission('transfer', jobData.transfer()),
    ]
    const orders = await stores.store.submit(
      submissions.map((submission) => ({ orderId: randomUUID(), submission })),
    )
    expect(orders.map((order) => requireStored(order).contentHash)).toEqual(
      submissions.map(({ contentHash }) => contentHash),
    )
  })

  it('gives an order without a deadline fifteen minutes', async () => {
    const orderId = await anAccepted(stores)
    const { minutes } = await oneRow<{ minutes: number }>(
      stores.database,
      'SELECT (extract(epoch FROM deadline_at - accepted_at) / 60)::int AS minutes FROM orders WHERE id = $1',
      [orderId],
    )
    expect(minutes).toBe(15)
  })
})

describe('the fence', () => {
  it('gives an intent to exactly one of many at once', async () => {
    const orderId = await anAccepted(stores)
    const all = await Promise.all(
      Array.from({ length: 20 }, () =>
        stores.store.commitIntents([{ orderId, intentId: randomUUID(), quote: aQuote() }], 'worker:test'),
      ),
    )
    expect(all.flat()).toEqual([{ orderId, seq: 1, intentId: expect.any(String) }])
  })

  it.each(['confirming', 'in_doubt', 'held', 'succeeded', 'rejected', 'expired', 'cancelled'])(
    'gives none for an order that is %s',
    async (state) => {
      const orderId = await anOrderIn(stores, state)
      const none = await stores.store.commitIntents(
        [{ orderId, intentId: randomUUID(), quote: aQuote() }],
        'w',
      )
      expect(none).toEqual([])
    },
  )

  it('gives none after the deadline', async () => {
    const orderId = await anAccepted(stores, 'buy', { deadline: '2020-01-01T00:00:00Z' })
    const none = await stores.store.commitIntents([{ orderId, intentId: randomUUID(), quote: aQuote() }], 'w')
    expect(none).toEqual([])
  })

  it('gives none for a quote of the wallet that was confirmed before, by this order or another', async () => {
    const phone_number = aWallet()
    const [first, other] = [
      await anAccepted(stores, 'buy', { phone_number }),
      await anAccepted(stores, 'buy', { phone_number }),
    ]
    const commit = (orderId: string, quote: Quote) =>
      stores.store.commitIntents([{ orderId, intentId: randomUUID(), quote }], 'w')
    const quote = aQuote()
    const [intent] = await commit(first, quote)
    if (intent === undefined) throw new Error('no intent')
    await stores.store.endIntents([{ ...intent, outcome: outcomes.price_changed }], 'w')
    expect(await commit(first, quote)).toEqual([])
    const [last] = await commit(first, aQuote())
    if (last === undefined) throw new Error('no intent')
    await stores.store.endIntents([{ ...last, outcome: outcomes.succeeded }], 'w')
    expect(await commit(other, quote)).toEqual([])
    expect(await commit(other, aQuote())).toHaveLength(1)
  })

  it('gives one for a quote whose confirm was provably never sent', async () => {
    const quote = aQuote()
    const orderId = await anAccepted(stores)
    const [intent] = await stores.store.commitIntents([{ orderId, intentId: randomUUID(), quote }], 'w')
    if (intent === undefined) throw new Error('no intent')
    await stores.store.endIntents([{ ...intent, outcome: outcomes.not_sent }], 'w')
    const again = await stores.store.commitIntents([{ orderId, intentId: randomUUID(), quote }], 'w')
    expect(again).toMatchObject([{ orderId, seq: 2 }])
  })

  it('and a cancellation at the same moment: one of them wins, never both', async () => {
    for (let round = 0; round < 25; round += 1) {
      const orderId = await anAccepted(stores)
      const cancel = { orderId, reason: 'cancel_requested', actor: 'person:test', detail: null } as const
      const [intents, cancelled] = await Promise.all([
        stores.store.commitIntents([{ orderId, intentId: randomUUID(), quote: aQuote() }], 'w'),
        stores.store.move('cancel', [cancel]),
      ])
      expect(intents.length + cancelled.length).toBe(1)
    }
  })

  it('takes an intent back whose commit is of unknown fate, and only that one', async () => {
    const { orderId, intentId } = await aConfirming(stores)
    const other = { orderId, intentId: randomUUID() }
    expect(await stores.store.withdrawIntents([other], 'w')).toEqual([])
    expect(await stores.store.withdrawIntents([{ orderId, intentId }], 'w')).toEqual([orderId])
    expect(await stateOf(orderId)).toEqual({ state: 'accepted', reason: 'not_sent' })
  })
})

describe('ending an intent', () => {
  it.each([
    ['succeeded', 'succeeded', 'executed'],
    ['price_changed', 'accepted', 'price_changed'],
    ['rejected', 'rejected', 'insufficient_balance'],
    ['not_sent', 'accepted', 'not_sent'],
    ['in_doubt', 'in_doubt', 'reply_lost'],
  ] as const)('as %s leaves the order %s', async (outcome, state, reason) => {
    const intent = await aConfirming(stores)
    await stores.store.endIntents([{ ...intent, outcome: outcomes[outcome] }], 'w')
    expect(await stateOf(intent.orderId)).toEqual({ state, reason })
  })

  it('twice changes nothing the second time', async () => {
    const intent = await aConfirming(stores)
    await stores.store.endIntents([{ ...intent, outcome: outcomes.succeeded }], 'w')
    expect(await stores.store.endIntents([{ ...intent, outcome: outcomes.rejected }], 'w')).toEqual([])
    expect(await stateOf(intent.orderId)).toEqual({ state: 'succeeded', reason: 'executed' })
  })

  it('shows the executed transaction in ops.orders and the quote in ops.attempts', async () => {
    const intent = await aConfirming(stores)
    await stores.store.endIntents([{ ...intent, outcome: outcomes.succeeded }], 'w')
    expect(
      await oneRow(stores.database, 'SELECT * FROM ops.orders WHERE order_id = $1', [intent.orderId]),
    ).toMatchObject({
      partner: 'acme',
      kind: 'buy',
      state: 'succeeded',
      attempts: 1,
      request_id: '1',
      response_id: expect.stringMatching(/^R\d+$/),
      session_id: expect.stringMatching(/^S\d+$/),
      gold_weight: '0.5000',
      amount: '441000',
      fee: '5000',
    })
    expect(
      await oneRow(stores.database, 'SELECT * FROM ops.attempts WHERE order_id = $1', [intent.orderId]),
    ).toMatchObject({
      seq: 1,
      outcome: 'succeeded',
      quoted_gold_weight: '0.5000',
      quoted_amount: '441000',
      quoted_fee: '5000',
      gateway_message: 'Success',
    })
  })
})

describe('settling a doubt', () => {
  const executed = {
    requestId: null,
    responseId: null,
    // One that no other order of the file has: factories number theirs.
    sessionId: 'S-settled',
    goldWeight: null,
    amount: null,
    fee: null,
  }
  const settlement = (orderId: string, isExecuted: boolean) =>
    ({
      orderId,
      reason: 'late_reply',
      actor: 'worker:test',
      detail: { note: 'seen' },
      reply: null,
      executed: isExecuted ? executed : null,
    }) as const

  it('as executed takes what is not told from the quote', async () => {
    const orderId = await anOrderIn(stores, 'in_doubt')
    expect(await stores.store.settle([settlement(orderId, true)])).toEqual([orderId])
    expect(
      await oneRow(stores.database, 'SELECT * FROM ops.orders WHERE order_id = $1', [orderId]),
    ).toMatchObject({
      state: 'succeeded',
      session_id: 'S-settled',
      gold_weight: '0.5000',
      amount: '441000',
    })
  })

  it('as not executed ends the order rejected', async () => {
    const orderId = await anOrderIn(stores, 'in_doubt')
    await stores.store.settle([settlement(orderId, false)])
    expect(await stateOf(orderId)).toEqual({ state: 'rejected', reason: 'late_reply' })
  })

  it.each(['accepted', 'confirming', 'held', 'succeeded', 'rejected', 'expired', 'cancelled'])(
    'does nothing to an order that is %s',
    async (state) => {
      const orderId = await anOrderIn(stores, state)
      expect(await stores.store.settle([settlement(orderId, true), settlement(orderId, false)])).toEqual([])
      expect((await stateOf(orderId))?.state).toBe(state)
    },
  )
})

describe('the sweeper', () => {
  it('turns an intent into a doubt only when it is older than the send deadline', async () => {
    const { orderId } = await aConfirming(stores)
    expect(await stores.sweeps.doubtOverdueIntents(60_000, 'sweeper', 100)).not.toContain(orderId)
    expect(await stores.sweeps.doubtOverdueIntents(0, 'sweeper', 100)).toContain(orderId)
    expect(await stateOf(orderId)).toEqual({ state: 'in_doubt', reason: 'intent_overdue' })
  })

  it('expires what is past its deadline and wakes what is not, once', async () => {
    const past = await anAccepted(stores, 'buy', { deadline: '2020-01-01T00:00:00Z' })
    const forgotten = await anAccepted(stores)
    const fresh = await anAccepted(stores)
    await stores.database.run(unnamed('UPDATE orders SET wake_at = now() WHERE id = $1'), [forgotten])
    expect(await stores.sweeps.expireOverdue('sweeper', 100)).toContain(past)
    const woken = await stores.sweeps.takeForgotten(60_000, 100)
    expect(woken).toContain(forgotten)
    expect(woken).not.toContain(fresh)
    expect(await stores.sweeps.takeForgotten(60_000, 100)).not.toContain(forgotten)
  })

  it('leaves alone what is in flight, in doubt or held, however old', async () => {
    const ids = await Promise.all(['confirming', 'in_doubt', 'held'].map((state) => anOrderIn(stores, state)))
    const expired = await stores.sweeps.expireOverdue('sweeper', 100)
    const woken = await stores.sweeps.takeForgotten(0, 100)
    for (const orderId of ids) expect([...expired, ...woken]).not.toContain(orderId)
  })
})
