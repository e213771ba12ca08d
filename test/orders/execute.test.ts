import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Rupiah } from '../../src/core/money.ts'
import type { OrderDeps } from '../../src/orders/deps.ts'
import { executeOrder } from '../../src/orders/execute.ts'
import type { OrderGateway } from '../../src/orders/gateway-port.ts'
import type { OrderStore } from '../../src/orders/ports.ts'
import { StorageError } from '../../src/postgres/pool.ts'
import { scriptedGateway, testClock, testEffects } from '../support/deps.ts'
import {
  anAccepted,
  anOrderIn,
  aQuote,
  aWallet,
  openStores,
  outcomes,
  passDeadlines,
  reply,
  tracesOf,
} from '../support/factories/stored-orders.ts'
import { resolveByTwoPeople } from '../support/scenes/two-people.ts'
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

async function load(orderId: string) {
  const [order] = await stores.store.load([orderId])
  if (order === undefined) throw new Error('no such order')
  return order
}

async function execute(orderId: string, gateway: OrderGateway, overrides: Partial<OrderDeps> = {}) {
  return await executeOrder(await load(orderId), testEffects(stores.store, gateway, overrides))
}

const attemptsOf = (orderId: string) =>
  stores.database.run<{ outcome: string; quote_id: string; session_id: string | null }>(
    unnamed('SELECT outcome, quote_id, session_id FROM attempts WHERE order_id = $1 ORDER BY seq'),
    [orderId],
  )

describe('an order', () => {
  it('is quoted, confirmed once and succeeded', async () => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({})
    expect(await execute(orderId, gateway)).toEqual({ is: 'ended', state: 'succeeded', reason: 'executed' })
    expect(gateway.confirmed).toHaveLength(1)
    expect(await attemptsOf(orderId)).toMatchObject([
      { outcome: 'succeeded', session_id: expect.stringMatching(/^S\d+$/) },
    ])
  })

  it('takes a new quote after a price change and confirms that one', async () => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({
      confirms: [outcomes.price_changed, outcomes.price_changed, outcomes.succeeded],
    })
    expect(await execute(orderId, gateway)).toMatchObject({ state: 'succeeded' })
    expect(new Set(gateway.confirmed).size).toBe(3)
    expect((await attemptsOf(orderId)).map(({ outcome }) => outcome)).toEqual([
      'price_changed',
      'price_changed',
      'succeeded',
    ])
  })

  it.each([
    ['names the trace of its run in every attempt', 'a1'.repeat(16)],
    ['names no trace where its run has none', null],
  ])('%s', async (_what, traceId) => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({ confirms: [outcomes.price_changed, outcomes.succeeded] })
    await execute(orderId, gateway, { traceId })
    expect(await tracesOf(stores, orderId)).toEqual([traceId, traceId])
  })

  it('is left for later when the price keeps changing, and goes on from there', async () => {
    const orderId = await anAccepted(stores)
    const changing = scriptedGateway({ confirms: [outcomes.price_changed] })
    expect(await execute(orderId, changing)).toMatchObject({ is: 'later', trouble: 'price_changed' })
    expect(changing.confirmed).toHaveLength(4)
    expect(await execute(orderId, scriptedGateway({}))).toMatchObject({ state: 'succeeded' })
  })

  it('is left for later when the checkout says the price has changed, without a confirm', async () => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({ checkouts: [{ is: 'price_changed', message: 'Price changes' }] })
    expect(await execute(orderId, gateway)).toMatchObject({ is: 'later' })
    expect(gateway.confirmed).toEqual([])
  })

  it('waits longer each time it is put off', async () => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({ checkouts: [{ is: 'trouble', message: 'ECONNREFUSED' }] })
    const delays: number[] = []
    for (let run = 0; run < 4; run += 1) {
      const execution = await execute(orderId, gateway)
      if (execution.is !== 'later') throw new Error(execution.is)
      delays.push(execution.delayMs)
    }
    expect(delays).toEqual([750, 1_500, 3_000, 6_000])
  })

  it('is rejected for good when the checkout refuses it', async () => {
    const orderId = await anAccepted(stores)
    const refused = { is: 'refused', reason: 'user_not_found', message: 'User not found' } as const
    const gateway = scriptedGateway({ checkouts: [refused] })
    expect(await execute(orderId, gateway)).toEqual({
      is: 'ended',
      state: 'rejected',
      reason: 'user_not_found',
    })
    expect(gateway.confirmed).toEqual([])
  })

  it('is checked against its limit on every quote, not only the first', async () => {
    const orderId = await anAccepted(stores, 'buy', { limit: { max_price_per_gram: 900_000 } })
    const quoted = (amount: number) => () =>
      ({ is: 'quoted', quote: aQuote({ amount: amount as Rupiah }) }) as const
    const gateway = scriptedGateway({
      checkouts: [quoted(450_000), quoted(450_001)],
      confirms: [outcomes.price_changed],
    })
    expect(await execute(orderId, gateway)).toEqual({ is: 'ended', state: 'rejected', reason: 'price_limit' })
    expect(gateway.confirmed).toHaveLength(1)
  })

  it.each(['buy', 'sell', 'transfer'] as const)(
    'to %s is not confirmed when its fee is above the limit',
    async (kind) => {
      const orderId = await anAccepted(stores, kind, { limit: { max_fee: 4_999 } })
      const gateway = scriptedGateway({})
      expect(await execute(orderId, gateway)).toEqual({ is: 'ended', state: 'rejected', reason: 'fee_limit' })
      expect(gateway.confirmed).toEqual([])
    },
  )

  it("is not confirmed when its fee is above the installation's bound", async () => {
    const policy = {
      maxRequotes: 3,
      maxQuoteFee: 4_999 as Rupiah,
      quoteMaxAgeMs: 10_000,
      sendDeadlineMs: 20_000,
    }
    const gateway = scriptedGateway({})
    expect(await execute(await anAccepted(stores), gateway, { policy })).toMatchObject({
      reason: 'fee_limit',
    })
    expect(gateway.confirmed).toEqual([])
  })

  it('whose checkout is answered with an execution is held, and asks the gateway nothing more', async () => {
    const orderId = await anAccepted(stores, 'sell')
    const gateway = scriptedGateway({ checkouts: [{ is: 'executed', message: 'Success' }] })
    expect(await execute(orderId, gateway)).toEqual({
      is: 'left',
      state: 'held',
      reason: 'executed_at_checkout',
    })
    expect(await execute(orderId, gateway)).toMatchObject({ is: 'left', state: 'held' })
    expect(gateway.checkouts).toBe(1)
    expect(gateway.confirmed).toEqual([])
  })

  it('expires at its deadline without a checkout', async () => {
    const orderId = await anAccepted(stores, 'buy', { deadline: '2020-01-01T00:00:00Z' })
    const gateway = scriptedGateway({})
    expect(await execute(orderId, gateway)).toMatchObject({ state: 'expired' })
    expect(gateway.checkouts).toBe(0)
  })

  it('is never put off beyond its deadline', async () => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({ checkouts: [{ is: 'trouble', message: 'ECONNREFUSED' }] })
    const nearItsEnd = { ...(await load(orderId)), msUntilDeadline: 300 }
    expect(await executeOrder(nearItsEnd, testEffects(stores.store, gateway))).toMatchObject({
      is: 'later',
      delayMs: 300,
    })
  })

  it.each([
    ['an hour ahead', 3_600_000],
    ['an hour behind', -3_600_000],
    ['of 1970', -Date.now()],
  ])('runs the same by a wall clock %s: its deadline is the database’s', async (_what, offMs) => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({})
    const wallMs = () => Date.now() + offMs
    expect(await execute(orderId, gateway, { wallMs })).toMatchObject({ state: 'succeeded' })
    const late = await anAccepted(stores)
    await passDeadlines(stores.database, { orderId: late })
    expect(await execute(late, gateway, { wallMs })).toMatchObject({ state: 'expired' })
  })

  it('is not expired by a process that believes its deadline has passed: it is left until then', async () => {
    const orderId = await anAccepted(stores)
    const hasty = { ...(await load(orderId)), msUntilDeadline: 0 }
    const gateway = scriptedGateway({})
    const execution = await executeOrder(hasty, testEffects(stores.store, gateway))
    if (execution.is !== 'later') throw new Error(execution.is)
    expect(execution.delayMs).toBeGreaterThan(600_000)
    expect(await load(orderId)).toMatchObject({ state: 'accepted' })
    expect(gateway.checkouts).toBe(0)
  })

  it('whose deadline passes while it is quoted is expired and not sent', async () => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({
      checkouts: [
        async () => {
          await passDeadlines(stores.database, { orderId })
          return { is: 'quoted', quote: aQuote() }
        },
      ],
    })
    expect(await execute(orderId, gateway)).toMatchObject({ state: 'expired' })
    expect(gateway.confirmed).toEqual([])
  })

  it.each(['rejected', 'in_doubt'] as const)(
    'that is %s at the confirm is not confirmed again',
    async (outcome) => {
      const orderId = await anAccepted(stores)
      const gateway = scriptedGateway({ confirms: [outcomes[outcome]] })
      expect(await execute(orderId, gateway)).toMatchObject({ is: 'ended', state: outcome })
      expect(await execute(orderId, gateway)).toMatchObject({ is: 'ended', state: outcome })
      expect(gateway.confirmed).toHaveLength(1)
      expect(gateway.checkouts).toBe(1)
    },
  )

  it('takes a new quote when the confirm was provably not sent', async () => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({ confirms: [outcomes.not_sent, outcomes.succeeded] })
    expect(await execute(orderId, gateway)).toMatchObject({ state: 'succeeded' })
    expect(gateway.checkouts).toBe(2)
  })

  it.each(['in_doubt', 'held', 'succeeded', 'rejected', 'expired', 'cancelled', 'confirming'])(
    'that is already %s is not touched',
    async (state) => {
      const orderId = await anOrderIn(stores, state)
      const gateway = scriptedGateway({})
      expect(await execute(orderId, gateway)).toMatchObject({ state })
      expect(gateway.checkouts).toBe(0)
    },
  )

  it('with an overdue intent becomes a doubt and is never sent', async () => {
    const orderId = await anOrderIn(stores, 'confirming')
    const gateway = scriptedGateway({})
    const policy = { maxRequotes: 3, maxQuoteFee: null, quoteMaxAgeMs: 10_000, sendDeadlineMs: -1 }
    expect(await execute(orderId, gateway, { policy })).toEqual({
      is: 'ended',
      state: 'in_doubt',
      reason: 'intent_overdue',
    })
    expect(gateway.confirmed).toEqual([])
  })
})

describe('a quote', () => {
  it.each([
    ['by every clock', 10_001, 10_001],
    ['although the wall clock was set back', 10_001, -5_000],
  ])('that is too old %s is not confirmed, a new one is', async (_how, byMs, wallByMs) => {
    const orderId = await anAccepted(stores)
    const { clock, ...clocks } = testClock()
    const slow = () => {
      clock.nowMs += byMs
      clock.wallMs += wallByMs
      return { is: 'quoted', quote: aQuote({ quoteId: `slow-${orderId}` }) } as const
    }
    const fast = () => ({ is: 'quoted', quote: aQuote() }) as const
    const gateway = scriptedGateway({ checkouts: [slow, fast] })
    expect(await execute(orderId, gateway, clocks)).toMatchObject({ state: 'succeeded' })
    expect(gateway.confirmed).toHaveLength(1)
    expect(gateway.confirmed[0]).not.toContain('slow')
  })

  it('that the gateway hands out twice is sent once', async () => {
    const twice = aQuote()
    const phone_number = aWallet()
    const first = await anAccepted(stores, 'buy', { phone_number })
    const second = await anAccepted(stores, 'buy', { phone_number })
    const gateway = scriptedGateway({ checkouts: [{ is: 'quoted', quote: twice }] })
    const results = [await execute(first, gateway), await execute(second, gateway)]
    expect(gateway.confirmed).toEqual([twice.quoteId])
    expect(results.map(({ is }) => is)).toEqual(['ended', 'later'])
  })
})

describe('two workers with the same order', () => {
  it('send one confirm between them', async () => {
    for (let round = 0; round < 20; round += 1) {
      const orderId = await anAccepted(stores)
      const gateway = scriptedGateway({})
      await Promise.all([execute(orderId, gateway), execute(orderId, gateway), execute(orderId, gateway)])
      expect(gateway.confirmed).toHaveLength(1)
      expect(await load(orderId)).toMatchObject({ state: 'succeeded' })
    }
  })

  it('and a cancellation in between send nothing', async () => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({
      checkouts: [
        async () => {
          const cancel = { orderId, reason: 'cancel_requested', actor: 'person:test', detail: null } as const
          await stores.store.move('cancel', [cancel])
          return { is: 'quoted', quote: aQuote() }
        },
      ],
    })
    expect(await execute(orderId, gateway)).toMatchObject({ is: 'ended', state: 'cancelled' })
    expect(gateway.confirmed).toEqual([])
  })
})

describe('a worker that freezes', () => {
  it.each([
    ['by every clock', 2_001, 2_001],
    ['while its wall clock is set back by 15 s', 13_500, -1_500],
    ['while its wall clock is set back by an hour', 2_001, -3_600_000],
    ['with its machine, whose monotonic clock stands still', 0, 13_500],
  ])(
    'between intent and send %s gives the intent back instead of sending late',
    async (_how, byMs, wallByMs) => {
      const orderId = await anAccepted(stores)
      const { clock, ...clocks } = testClock()
      const gateway = scriptedGateway({})
      let commits = 0
      const freezing: OrderStore = {
        ...stores.store,
        async commitIntents(intents, actor) {
          const committed = await stores.store.commitIntents(intents, actor)
          commits += 1
          if (commits === 1) {
            clock.nowMs += byMs
            clock.wallMs += wallByMs
          }
          return committed
        },
      }
      const deps = testEffects(freezing, gateway, clocks)
      expect(await executeOrder(await load(orderId), deps)).toMatchObject({ state: 'succeeded' })
      expect((await attemptsOf(orderId)).map(({ outcome }) => outcome)).toEqual(['not_sent', 'succeeded'])
      expect(gateway.confirmed).toHaveLength(1)
    },
  )

  it.each([
    ['succeeded', 'succeeded', 'late_reply'],
    ['rejected', 'rejected', 'late_reply'],
    ['price_changed', 'rejected', 'late_reply'],
    ['in_doubt', 'in_doubt', 'intent_overdue'],
  ] as const)(
    'until others doubt it: a late reply of %s leaves the order %s',
    async (late, state, reason) => {
      const orderId = await anAccepted(stores)
      const gateway = scriptedGateway({
        confirms: [
          async () => {
            await stores.sweeps.doubtOverdueIntents(0, 'sweeper', 1_000)
            return outcomes[late]
          },
        ],
      })
      expect(await execute(orderId, gateway)).toEqual({ is: 'ended', state, reason })
      expect(gateway.confirmed).toHaveLength(1)
    },
  )

  it('until a person has resolved the doubt: the final state stands', async () => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({
      confirms: [
        async () => {
          await stores.sweeps.doubtOverdueIntents(0, 'sweeper', 1_000)
          await resolveByTwoPeople(test.databaseUrl, orderId)
          return outcomes.rejected
        },
      ],
    })
    expect(await execute(orderId, gateway)).toMatchObject({ state: 'rejected', reason: 'resolved_by_person' })
  })
})

describe('a worker that is to stop', () => {
  it('begins nothing', async () => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({})
    const execution = await execute(orderId, gateway, { stopping: AbortSignal.abort() })
    expect(execution).toMatchObject({ is: 'later', delayMs: 0 })
    expect(gateway.checkouts).toBe(0)
  })

  it('after the checkout does not confirm', async () => {
    const orderId = await anAccepted(stores)
    const stopping = new AbortController()
    const gateway = scriptedGateway({
      checkouts: [
        () => {
          stopping.abort()
          return { is: 'quoted', quote: aQuote() }
        },
      ],
    })
    expect(await execute(orderId, gateway, { stopping: stopping.signal })).toMatchObject({ is: 'later' })
    expect(gateway.confirmed).toEqual([])
  })

  it('during a confirm records its reply', async () => {
    const orderId = await anAccepted(stores)
    const stopping = new AbortController()
    const gateway = scriptedGateway({
      confirms: [
        () => {
          stopping.abort()
          return outcomes.succeeded
        },
      ],
    })
    expect(await execute(orderId, gateway, { stopping: stopping.signal })).toMatchObject({
      state: 'succeeded',
    })
  })
})

describe('when Postgres goes away', () => {
  const gone = () => new StorageError('commit_intents', Object.assign(new Error('gone'), { code: '57P01' }))

  it('before the answer to the intent, nothing is sent and the intent is given back', async () => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({})
    const breaking: OrderStore = {
      ...stores.store,
      async commitIntents(intents, actor) {
        await stores.store.commitIntents(intents, actor)
        throw gone()
      },
    }
    await expect(executeOrder(await load(orderId), testEffects(breaking, gateway))).rejects.toThrow(
      StorageError,
    )
    expect(gateway.confirmed).toEqual([])
    expect(await load(orderId)).toMatchObject({ state: 'accepted', reason: 'not_sent' })
  })

  it('while a reply is in hand, the reply is recorded when it is back', async () => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({})
    let failures = 5
    const away: OrderStore = {
      ...stores.store,
      async endIntents(verdicts, actor) {
        failures -= 1
        if (failures >= 0) throw gone()
        return await stores.store.endIntents(verdicts, actor)
      },
    }
    const execution = await executeOrder(await load(orderId), testEffects(away, gateway))
    expect(execution).toMatchObject({ state: 'succeeded' })
    expect(gateway.confirmed).toHaveLength(1)
  })

  it('after the reply was recorded but before that was known, recording again changes nothing', async () => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({})
    let isFirst = true
    const unsure: OrderStore = {
      ...stores.store,
      async endIntents(verdicts, actor) {
        const ended = await stores.store.endIntents(verdicts, actor)
        if (!isFirst) return ended
        isFirst = false
        throw gone()
      },
    }
    const execution = await executeOrder(await load(orderId), testEffects(unsure, gateway))
    expect(execution).toEqual({ is: 'ended', state: 'succeeded', reason: 'executed' })
  })

  it('and the wall clock jumps, a reply in hand is not given up', async () => {
    const orderId = await anAccepted(stores)
    const { clock, ...clocks } = testClock()
    let failures = 3
    const away: OrderStore = {
      ...stores.store,
      async endIntents(verdicts, actor) {
        failures -= 1
        clock.wallMs += 3_600_000
        if (failures >= 0) throw gone()
        return await stores.store.endIntents(verdicts, actor)
      },
    }
    const deps = testEffects(away, scriptedGateway({}), clocks)
    expect(await executeOrder(await load(orderId), deps)).toMatchObject({ state: 'succeeded' })
  })

  it('for good, the session_id of the reply is in the log', async () => {
    const orderId = await anAccepted(stores)
    const logged: object[] = []
    const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => logged.push(fields) }
    const away: OrderStore = { ...stores.store, endIntents: () => Promise.reject(gone()) }
    const deps = testEffects(away, scriptedGateway({ confirms: [{ ...outcomes.succeeded, reply }] }), {
      log,
    })
    await expect(executeOrder(await load(orderId), deps)).rejects.toThrow(StorageError)
    expect(logged.at(-1)).toMatchObject({
      order_id: orderId,
      outcome: 'succeeded',
      session_id: expect.stringMatching(/^S\d+$/),
    })
    expect(await load(orderId)).toMatchObject({ state: 'confirming' })
  })
})

describe('a transaction of another order', () => {
  type Executed = (typeof outcomes.succeeded)['executed']
  const executing = (executed: Executed) =>
    scriptedGateway({ confirms: [{ ...outcomes.succeeded, executed }] })
  const inDoubt = { is: 'ended', state: 'in_doubt', reason: 'transaction_of_another_order' }

  it.each([
    ['session_id', 'buy', ({ sessionId }: Executed) => ({ sessionId })],
    ['session_id', 'sell', ({ sessionId }: Executed) => ({ sessionId })],
    ['response_id', 'buy', ({ responseId }: Executed) => ({ responseId })],
    ['response_id', 'sell', ({ responseId }: Executed) => ({ responseId, sessionId: null })],
  ] as const)('known by its %s makes a %s a doubt and leaves the first as it is', async (_id, kind, idOf) => {
    const first = await anAccepted(stores, kind)
    const { executed } = outcomes.succeeded
    expect(await execute(first, executing(executed))).toMatchObject({ state: 'succeeded' })
    const second = await anAccepted(stores, kind)
    const stolen = { ...outcomes.succeeded.executed, ...idOf(executed) } as Executed
    expect(await execute(second, executing(stolen))).toEqual(inDoubt)
    expect((await load(first)).state).toBe('succeeded')
    expect(await attemptsOf(second)).toMatchObject([{ outcome: 'in_doubt', session_id: null }])
  })

  it('of another kind may have the same response_id', async () => {
    const { executed } = outcomes.succeeded
    await execute(await anAccepted(stores, 'buy'), executing(executed))
    const other = { ...outcomes.succeeded.executed, responseId: executed.responseId }
    expect(await execute(await anAccepted(stores, 'transfer'), executing(other))).toMatchObject({
      state: 'succeeded',
    })
  })

  it.each(['buy', 'sell'] as const)(
    'is the one of exactly one of two %s orders that record it at once',
    async (kind) => {
      const executed = {
        ...outcomes.succeeded.executed,
        ...(kind === 'sell' ? { sessionId: null } : {}),
      } as Executed
      const ids = await Promise.all(Array.from({ length: 8 }, () => anAccepted(stores, kind)))
      const ends = await Promise.all(ids.map((orderId) => execute(orderId, executing(executed))))
      const states = ends.map((end) => ('state' in end ? end.state : end.is)).sort()
      expect(states).toEqual([...Array<string>(7).fill('in_doubt'), 'succeeded'])
    },
  )

  it('in a late reply settles nothing', async () => {
    const { executed } = outcomes.succeeded
    await execute(await anAccepted(stores), executing(executed))
    const doubtful = await anOrderIn(stores, 'in_doubt')
    const detail = { note: 'late' }
    const late = { reason: 'late_reply', actor: 'worker:test', detail, reply, executed } as const
    expect(await stores.store.settle([{ orderId: doubtful, ...late }])).toEqual([])
    expect((await load(doubtful)).state).toBe('in_doubt')
  })
})
