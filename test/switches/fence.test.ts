import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { executeOrder } from '../../src/orders/execute.ts'
import { createOrderStore } from '../../src/orders/store/order-store.ts'
import { createOrderSwitches } from '../../src/switches/order-switches.ts'
import { scriptedGateway, testEffects } from '../support/deps.ts'
import { aConfirming, anAccepted, aQuote, oneRow, openStores } from '../support/factories/stored-orders.ts'
import { ANI, BUDI, close, open } from '../support/scenes/two-people-switch.ts'
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
})

const newIntent = (orderId: string) => ({ orderId, intentId: randomUUID(), quote: aQuote() })
const commit = (...orderIds: readonly string[]) =>
  stores.store.commitIntents(orderIds.map(newIntent), 'worker:test')
const admin = (text: string, values: unknown[] = []) => stores.database.run(unnamed(text), values)

/** Whether a promise is still pending once a server process waits for a lock. */
async function waitsForALock(pending: Promise<unknown>): Promise<boolean> {
  let isSettled = false
  const settle = () => {
    isSettled = true
  }
  pending.then(settle, settle)
  for (;;) {
    const { count } = await oneRow<{ count: number }>(
      stores.database,
      `SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    )
    if (isSettled || count > 0) return !isSettled
  }
}

describe('the fence', () => {
  it.each(['everything', 'kind:buy', 'partner:acme'])(
    'returns no intent while %s is closed',
    async (scope) => {
      const orderId = await anAccepted(stores)
      await close(test.databaseUrl, scope)
      expect(await commit(orderId)).toEqual([])
      await open(test.databaseUrl, scope)
      expect(await commit(orderId)).toHaveLength(1)
    },
  )

  it('holds only the orders of the scope, also in one statement', async () => {
    const buy = await anAccepted(stores)
    const sell = await anAccepted(stores, 'sell')
    await close(test.databaseUrl, 'kind:sell')
    expect((await commit(buy, sell)).map(({ orderId }) => orderId)).toEqual([buy])
  })

  it('holds orders of a batch, of a plan, and of a plan’s batch', async () => {
    const [ofBatch, ofPlan, ofPlansBatch, ofNone] = [
      await anAccepted(stores),
      await anAccepted(stores),
      await anAccepted(stores),
      await anAccepted(stores),
    ]
    await stores.database.transaction(async (runner) => {
      // Rows of batches and plans need their whole story, which the switches do not read.
      await runner.run(unnamed('SET LOCAL session_replication_role = replica'), [])
      for (const [batchId, orderId] of [
        [71, ofBatch],
        [72, ofPlansBatch],
      ])
        await runner.run(
          unnamed(`INSERT INTO batch_rows (batch_id, row_number, line_number, fed_at, partner, reference, kind, phone_number, content, content_hash, deadline_at, state, order_id)
            SELECT $1, 1, 1, now(), partner, reference, kind, phone_number, content, repeat('a', 64), deadline_at, 'stored', id FROM orders WHERE id = $2`),
          [batchId, orderId],
        )
      await runner.run(
        unnamed(`INSERT INTO plan_runs (plan_id, due_at, reference, state, order_id, batch_id, actor, reason)
          VALUES (81, now(), 'p-81', 'started', $1, NULL, 'p', 'due'), (82, now(), 'p-82', 'started', NULL, 72, 'p', 'due')`),
        [ofPlan],
      )
      for (const scope of ['batch:71', 'plan:81', 'plan:82'])
        await runner.run(
          unnamed(
            `INSERT INTO switch_closings (scope, reason, closed_by) VALUES ($1, 'the test', 'person:ani')`,
          ),
          [scope],
        )
    })
    const committed = await commit(ofBatch, ofPlan, ofPlansBatch, ofNone)
    expect(committed.map(({ orderId }) => orderId)).toEqual([ofNone])
  })

  it('returns no intent when the switch was closed between quote and intent', async () => {
    const orderId = await anAccepted(stores)
    const gateway = scriptedGateway({
      checkouts: [
        async () => {
          await close(test.databaseUrl, 'everything')
          return { is: 'quoted', quote: aQuote() }
        },
      ],
    })
    const [order] = await stores.store.load([orderId])
    if (order === undefined) throw new Error('no order')
    const effects = testEffects(stores.store, gateway, {
      switches: createOrderSwitches(stores.database, () => performance.now()),
    })
    expect(await executeOrder(order, effects)).toEqual({
      is: 'left',
      state: 'accepted',
      reason: 'switch_closed',
    })
    expect(gateway.confirmed).toEqual([])
    // Later runs take no quote while it is closed.
    await executeOrder(order, { ...effects, switches: createOrderSwitches(stores.database, () => 0) })
    expect(gateway.checkouts).toBe(1)
  })

  it('makes a closing wait for a commit that runs, and later commits wait for the closing', async () => {
    const [running, later] = [await anAccepted(stores), await anAccepted(stores)]
    let closing: Promise<unknown> = Promise.resolve()
    let late: Promise<unknown[]> = Promise.resolve([])
    const committed = await stores.database.transaction(async (runner) => {
      const intents = await createOrderStore(runner).commitIntents([newIntent(running)], 'worker:test')
      closing = close(test.databaseUrl, 'everything')
      expect(await waitsForALock(closing)).toBe(true)
      late = commit(later)
      expect(await waitsForALock(late)).toBe(true)
      return intents
    })
    expect(committed).toHaveLength(1)
    await closing
    expect(await late).toEqual([])
    const { isLater } = await oneRow<{ isLater: boolean }>(
      stores.database,
      `SELECT max(a.intent_at) > max(c.closed_at) AS "isLater" FROM attempts a, switch_closings c WHERE c.opened_at IS NULL`,
    )
    expect(isLater).toBe(false)
  })

  it('sees a closing that was committed after the statement had begun', async () => {
    const orderId = await anAccepted(stores)
    let begun: Promise<unknown[]> = Promise.resolve([])
    await stores.database.transaction(async (runner) => {
      await runner.run(
        unnamed(
          `INSERT INTO switch_closings (scope, reason, closed_by) VALUES ('everything', 'the test', 'person:ani')`,
        ),
        [],
      )
      // Its snapshot has no closing: it waits for the lock that the insert holds.
      begun = commit(orderId)
      expect(await waitsForALock(begun)).toBe(true)
    })
    expect(await begun).toEqual([])
  })

  it('is held while a commit waits for the order itself', async () => {
    const orderId = await anAccepted(stores)
    let begun: Promise<unknown[]> = Promise.resolve([])
    let closing: Promise<unknown> = Promise.resolve()
    await stores.database.transaction(async (runner) => {
      await runner.run(unnamed('SELECT 1 FROM orders WHERE id = $1 FOR UPDATE'), [orderId])
      begun = commit(orderId)
      expect(await waitsForALock(begun)).toBe(true)
      closing = close(test.databaseUrl, 'everything')
      // The commit began first: the closing is not there before the intent is.
      expect(await Promise.race([closing.then(() => 'closed'), pause(200)])).toBe('waits')
    })
    expect(await begun).toHaveLength(1)
    await closing
  })

  it('reads the switches once for a group, and keeps an intent’s way back open', async () => {
    const orderIds = await Promise.all(Array.from({ length: 32 }, () => anAccepted(stores)))
    await stores.database.transaction(async (runner) => {
      await runner.run(unnamed(`SET LOCAL track_functions = 'all'`), [])
      await createOrderStore(runner).commitIntents(orderIds.map(newIntent), 'worker:test')
      const [calls] = await runner.run<{ calls: string }>(
        unnamed(`SELECT pg_stat_get_xact_function_calls('closed_switches'::regproc)::text AS calls`),
        [],
      )
      expect(calls).toEqual({ calls: '1' })
    })
    const { orderId, intentId } = await aConfirming(stores)
    await close(test.databaseUrl, 'everything')
    expect(await stores.store.withdrawIntents([{ orderId, intentId }], 'worker:test')).toEqual([orderId])
  })

  it('refuses a transaction that could not see the newest closing', async () => {
    const orderId = await anAccepted(stores)
    const strict = stores.database.transaction(async (runner) => {
      await runner.run(unnamed('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ'), [])
      return await createOrderStore(runner).commitIntents([newIntent(orderId)], 'worker:test')
    })
    await expect(strict).rejects.toMatchObject({ code: '25000' })
  })
})

const pause = (ms: number) => new Promise<'waits'>((resolve) => setTimeout(() => resolve('waits'), ms))

describe('a switch', () => {
  it('is opened by two people, and by nothing else', async () => {
    await close(test.databaseUrl, 'everything')
    await expect(
      admin(`UPDATE switch_closings SET opened_at = now(), opened_by = 'person:eve' WHERE opened_at IS NULL`),
    ).rejects.toMatchObject({ constraint: 'switch_opened_by_two' })
    await expect(
      admin(`UPDATE switch_closings SET reason = 'another' WHERE opened_at IS NULL`),
    ).rejects.toMatchObject({ constraint: 'switch_identity' })
    await expect(
      admin(
        `INSERT INTO switch_closings (scope, reason, closed_by, opened_at, opened_by) VALUES ('kind:buy', 'r', 'p', now(), 'p')`,
      ),
    ).rejects.toMatchObject({ constraint: 'switch_transition' })
    await expect(admin(`DELETE FROM switch_closings`)).rejects.toMatchObject({ constraint: 'append_only' })
    await open(test.databaseUrl, 'everything')
    await expect(
      admin(`UPDATE switch_closings SET opened_at = now() WHERE scope = 'everything'`),
    ).rejects.toMatchObject({ constraint: 'switch_transition' })
    const row = await oneRow<object>(
      stores.database,
      `SELECT closed_by, opened_by, reason FROM switch_closings ORDER BY id DESC LIMIT 1`,
    )
    expect(row).toEqual({ closed_by: `person:${ANI.by}`, opened_by: `person:${BUDI.by}`, reason: ANI.note })
  })

  it('is closed once: who closes it again is shown the closing', async () => {
    const first = await close(test.databaseUrl, 'kind:buy')
    const again = await close(test.databaseUrl, 'kind:buy')
    expect([first.wasClosed, again.wasClosed]).toEqual([false, true])
    expect(again.closing.closingId).toBe(first.closing.closingId)
  })

  it('of something unknown is refused, for it would hold nothing', async () => {
    for (const scope of ['partner:acmee', 'batch:999999', 'plan:999999'])
      await expect(close(test.databaseUrl, scope)).rejects.toThrow(`nothing is known as ${scope}`)
  })
})
