import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { CLOCKS } from '../../src/core/clocks.ts'
import { checkSandbox } from '../../src/dev/sandbox/check-sandbox.ts'
import type { Violation } from '../../src/dev/sandbox/ledger-check.ts'
import { startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { executeOrder } from '../../src/orders/execute.ts'
import type { ConfirmOutcome } from '../../src/orders/outcomes.ts'
import type { OrderStore } from '../../src/orders/ports.ts'
import { readOrdersWithAttempts } from '../../src/orders/queries/checked-orders.ts'
import { parseSubmission } from '../../src/orders/submission.ts'
import { submitOrders } from '../../src/orders/submit.ts'
import { testEffects } from '../support/deps.ts'
import { openTestClient } from '../support/factories/gateway-settings.ts'
import { jobData } from '../support/factories/job-data.ts'
import { openStores } from '../support/factories/stored-orders.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'
import { unnamed } from '../support/unnamed.ts'
import { type Mutation, runSeed } from './run.ts'

/** The same runs with one safety taken out. If these found nothing, the others would prove nothing. */
const SEEDS = 10
/**
 * Which orders a fault meets depends on timing, so that ten seeds do not always show what a mutant does wrong.
 * Runs go on until it shows, and give up after this many.
 */
const SEEDS_AT_MOST = 100
const AT_ONCE = 5

const toStop: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop()
})

async function openDatabase() {
  const test: TestDatabase = await createTestDatabase()
  const stores = openStores(test.databaseUrl, 16)
  toStop.push(test.drop, () => stores.database.close())
  return stores
}

type Stores = Awaited<ReturnType<typeof openDatabase>>
type Rule = Violation['rule']

/** The rules that the runs of the seeds broke: of ten seeds, or of as many as it takes to break the expected rule. */
async function brokenRules(stores: Stores, mutate: Mutation, expected?: Rule): Promise<Set<string>> {
  const rules = new Set<string>()
  const isDone = (seed: number) =>
    expected === undefined ? seed > SEEDS : rules.has(expected) || seed > SEEDS_AT_MOST
  let next = 1
  const lane = async () => {
    while (!isDone(next)) {
      const seed = next
      next += 1
      for (const { rule } of (await runSeed(seed, stores, mutate)).violations) rules.add(rule)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return rules
}

/** A doubt is taken for a failure and the order is tried again. */
const retryingDoubts: Mutation = (deps) => ({
  ...deps,
  gateway: {
    checkout: deps.gateway.checkout,
    async confirm(command, quote) {
      const outcome = await deps.gateway.confirm(command, quote)
      return outcome.is === 'in_doubt' ? { is: 'price_changed', reply: outcome.reply } : outcome
    },
  },
})

/** The confirm is sent as soon as there is a quote, and the intent is committed afterwards. */
const sendingBeforeIntent: Mutation = (deps) => {
  const sent = new Map<string, ConfirmOutcome>()
  return {
    ...deps,
    gateway: {
      async checkout(command) {
        const outcome = await deps.gateway.checkout(command)
        if (outcome.is === 'quoted')
          sent.set(outcome.quote.quoteId, await deps.gateway.confirm(command, outcome.quote))
        return outcome
      },
      async confirm(_command, quote) {
        const outcome = sent.get(quote.quoteId)
        if (outcome === undefined) throw new Error('not sent before its intent')
        return outcome
      },
    },
  }
}

const NAIVE_INTENT = `
  WITH intent AS (
    INSERT INTO attempts (order_id, seq, intent_id, outcome, kind, phone_number, quote_id, quoted_gold_weight, quoted_amount, quoted_fee, worker)
    SELECT id, $2, $3, 'intent', kind, phone_number, $4, $5::numeric / 10000, $6, $7, 'worker:naive' FROM orders WHERE id = $1
    RETURNING order_id)
  UPDATE orders SET state = 'confirming', reason = 'intent_committed', actor = 'worker:naive', detail = NULL
  FROM intent WHERE id = intent.order_id AND state = 'accepted'`

/** Looks whether the order is free, and then inserts the intent, without a lock in between. */
function fencingByLooking(
  { database, store }: Stores,
  { looked, committed }: Record<'looked' | 'committed', () => Promise<void>>,
): Mutation {
  const commitIntents: OrderStore['commitIntents'] = async ([intent]) => {
    if (intent === undefined) return []
    const { orderId, intentId, quote } = intent
    const [order] = await store.load([orderId])
    if (order?.state !== 'accepted') return []
    await looked()
    // A random seq, or the primary key would be a fence of its own.
    const seq = 1 + Math.floor(Math.random() * 1_000_000_000)
    const quoted = [quote.quoteId, quote.goldWeight, quote.amount, quote.fee]
    await database.run(unnamed(NAIVE_INTENT), [orderId, seq, intentId, ...quoted])
    await committed()
    return [{ orderId, seq, intentId }]
  }
  return (deps) => ({
    ...deps,
    store: {
      ...deps.store,
      async commitIntents(intents, actor) {
        // Whoever the index refuses must not send: as a worker would, it leaves the order alone.
        return await commitIntents(intents, actor).catch(() => [])
      },
      // Two intents contradict the order, so that Postgres refuses both verdicts. What was sent is all that counts.
      async endIntents(verdicts, actor) {
        const unrecorded = ({ orderId }: { orderId: string }) =>
          ({ orderId, state: 'in_doubt', reason: 'unrecorded' }) as const
        return await deps.store.endIntents(verdicts, actor).catch(() => verdicts.map(unrecorded))
      },
    },
  })
}

/** Each of two workers waits here until the other has come, too. */
function meetingPlace(): () => Promise<void> {
  let open = () => {}
  const both = new Promise<void>((resolve) => {
    open = resolve
  })
  let arrived = 0
  return async () => {
    arrived += 1
    if (arrived === 2) open()
    await both
  }
}

/**
 * The rules broken by two workers that look at one order before either has put its intent down.
 * @param committed what a worker does between the commit of its intent and the send
 */
async function brokenByMeeting(stores: Stores, committed: () => Promise<void>): Promise<Set<string>> {
  const sandbox = await startSandbox({ seed: 1, openWallets: { rupiah: 10 ** 11, goldWeight: 10 ** 9 } })
  const client = openTestClient(sandbox.url, { timeoutMs: 30_000 })
  toStop.push(sandbox.stop, async () => client.close())
  const deps = testEffects(stores.store, client, { ...CLOCKS, pause: async () => {} })
  const partner = 'meeting'
  const submission = parseSubmission('buy', { ...jobData.buy(), partner, reference: 'order-1' })
  const submitting = { store: stores.store, newId: randomUUID }
  const [answer] = await submitOrders([submission], submitting)
  if (answer?.is !== 'stored') throw new Error('a new order is stored')
  const naive = fencingByLooking(stores, { looked: meetingPlace(), committed })(deps)
  // What a mutant stumbles over afterwards is its own: what counts is what it sent.
  await Promise.allSettled([executeOrder(answer.order, naive), executeOrder(answer.order, naive)])
  const orders = await readOrdersWithAttempts(stores.database, partner)
  expect(orders.map(({ attempts }) => attempts.length > 0)).toEqual([true])
  return new Set(checkSandbox(orders, sandbox, () => false).map(({ rule }) => rule))
}

/** An order has one live attempt, and a wallet one in flight: each index alone would refuse the second intent. */
const DROP_FENCES = 'DROP INDEX attempts_one_live_per_order, attempts_one_in_flight_per_wallet'

describe('the proof fails', () => {
  it('when doubts are retried', async () => {
    const stores = await openDatabase()
    expect(await brokenRules(stores, retryingDoubts, 'executed_at_most_once')).toContain(
      'executed_at_most_once',
    )
  })

  it('when the confirm is sent before the intent', async () => {
    const stores = await openDatabase()
    expect(await brokenRules(stores, sendingBeforeIntent, 'execution_has_an_intent')).toContain(
      'execution_has_an_intent',
    )
  })

  it('when the unique indexes are dropped under a fence that only looks', async () => {
    const stores = await openDatabase()
    await stores.database.run(unnamed(DROP_FENCES), [])
    expect(await brokenByMeeting(stores, meetingPlace())).toContain('executed_at_most_once')
  })
})

describe('the proof holds', () => {
  it('when only the indexes are left: the same looking fence, with them in place, doubles nothing', async () => {
    const stores = await openDatabase()
    // The second intent waits in Postgres for the first one's commit.
    expect(await brokenByMeeting(stores, async () => {})).toEqual(new Set())
  })

  it('when only the row lock is left: our own fence without the indexes doubles nothing', async () => {
    const stores = await openDatabase()
    await stores.database.run(unnamed(DROP_FENCES), [])
    expect(await brokenRules(stores, (deps) => ({ ...deps, newId: randomUUID }))).toEqual(new Set())
  })
})
