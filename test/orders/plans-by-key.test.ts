import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOrderStore } from '../../src/orders/store/order-store.ts'
import { parseSubmission } from '../../src/orders/submission.ts'
import { openClient } from '../../src/postgres/pinned-client.ts'
import { type Database, openDatabase, type Statement, type StatementRunner } from '../../src/postgres/pool.ts'
import { jobData } from '../support/factories/job-data.ts'
import { aRecordedOrder, recordOrders } from '../support/factories/recorded-orders.ts'
import {
  aConfirming,
  anAccepted,
  aQuote,
  aWallet,
  openStores,
  outcomes,
} from '../support/factories/stored-orders.ts'
import { type PlanNode, scansIn } from '../support/plan-scans.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { unnamed } from '../support/unnamed.ts'

type Stores = ReturnType<typeof openStores>
type Kept = { readonly name: string; readonly text: string }

let test: Awaited<ReturnType<typeof createTestDatabase>>
let stores: Stores
/** As a worker and the web process open it. */
let byKey: Database
let byCost: Database
beforeAll(async () => {
  test = await createTestDatabase()
  const options = { databaseUrl: test.databaseUrl, maxConnections: 1, onError: () => {} }
  byKey = openDatabase({ ...options, plans: 'by_key' })
  byCost = openDatabase(options)
  stores = openStores(test.databaseUrl)
  await admin('ALTER TABLE orders SET (autovacuum_enabled = off)')
  await admin('ALTER TABLE attempts SET (autovacuum_enabled = off)')
})
afterAll(async () => {
  await Promise.all([byKey?.close(), byCost?.close(), stores?.database.close()])
  await test?.drop()
})

const admin = (text: string) => stores.database.run(unnamed(text), [])

/** Runs every statement of an order's path once, and keeps their texts. */
async function statementsOfAnOrder(): Promise<Kept[]> {
  const kept = new Map<string, Kept>()
  await runEveryStatement({
    run(statement: Statement, values) {
      kept.set(statement.name, { name: statement.name, text: statement.text })
      return byKey.run(statement, values)
    },
  })
  return [...kept.values()]
}

/** The plans of every statement of an order's path and of the queries of their triggers, as they run. */
async function plansOfAnOrder(): Promise<PlanNode[]> {
  const purpose = { schema: 'public', statementTimeoutMs: 0, plans: 'by_key' } as const
  const client = openClient(test.databaseUrl, {}, purpose)
  const plans: PlanNode[] = []
  client.on('notice', ({ message = '' }) => {
    const json = /plan:\n(\{.*\})$/s.exec(message)?.[1]
    if (json !== undefined) plans.push((JSON.parse(json) as { Plan: PlanNode }).Plan)
  })
  await client.connect()
  try {
    await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_format = 'json';
      SET auto_explain.log_nested_statements = on; SET auto_explain.log_level = 'notice'`)
    await runEveryStatement({
      run: async (statement, values) =>
        (await client.query({ ...statement, values: [...values] } as pg.QueryConfig)).rows,
    })
  } finally {
    await client.end()
  }
  return plans
}

async function runEveryStatement(runner: StatementRunner): Promise<void> {
  const store = createOrderStore(runner)
  const phone_number = aWallet()
  const submission = parseSubmission('buy', jobData.buy({ phone_number }))
  const orderId = randomUUID()
  await store.submit([{ orderId, submission }])
  await store.submit([{ orderId: randomUUID(), submission }])
  await store.load([orderId])
  await store.postpone([{ orderId, delayMs: 1, trouble: 'gateway away' }])
  const intentId = randomUUID()
  const [intent] = await store.commitIntents([{ orderId, intentId, quote: aQuote() }], 'w')
  if (intent === undefined) throw new Error('no intent')
  await store.withdrawIntents([{ orderId, intentId }], 'w')
  await store.commitIntents([{ orderId, intentId: randomUUID(), quote: aQuote() }], 'w')
  const next = [
    await anAccepted(stores, 'buy', { phone_number }),
    await anAccepted(stores, 'sell', { phone_number }),
  ]
  await store.waitForTurn(next)
  await store.endIntents([{ orderId, seq: intent.seq + 1, outcome: outcomes.in_doubt }], 'w')
  const { executed } = outcomes.succeeded
  const settlement = {
    orderId,
    reason: 'late_reply',
    actor: 'p',
    detail: {},
    reply: null,
    executed,
  } as const
  await store.waitForTurn(next)
  await store.settle([settlement])
  await store.doubtOverdueIntent((await aConfirming(stores)).orderId, 0, 'w')
  const cancelled = await anAccepted(stores, 'sell')
  await store.move('cancel', [{ orderId: cancelled, reason: 'cancel_requested', actor: 'p', detail: null }])
}

async function scansOf(database: Database, { text }: Kept): Promise<string[]> {
  const explain = unnamed(`EXPLAIN (FORMAT JSON, GENERIC_PLAN) ${text}`)
  const [row] = await database.run<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(explain, [])
  const plan = row?.['QUERY PLAN'][0]?.Plan
  if (plan === undefined) throw new Error('no plan')
  return scansIn(plan)
}

async function insertWaiting(count: number): Promise<void> {
  await admin(`INSERT INTO orders (id, partner, reference, kind, phone_number, content, content_hash, state, reason, actor, deadline_at, wake_at)
    SELECT gen_random_uuid(), 'acme', 'waiting-' || gen_random_uuid(), 'buy', '081234500001', '{"amount": 100000}', 'h', 'accepted', 'submitted', 'p',
      now() + interval '1 hour', now() + interval '1 minute' FROM generate_series(1, ${count})`)
}

/** Orders that succeeded, as legal moves leave them. */
async function insertSucceeded(count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, n) =>
    aRecordedOrder({
      phoneNumber: `0818${String(n).padStart(8, '0')}`,
      sessionId: `PLAN-S${n}`,
      responseId: `PLAN-R${n}`,
    }),
  )
  await recordOrders(test.databaseUrl, rows)
}

const FEW = 'tables that were analysed with a few rows in them'
const SITUATIONS = [
  ['tables that were never analysed', async () => {}],
  [FEW, () => admin('ANALYZE orders, attempts')],
  ['10,000 orders that came since the tables were analysed', () => insertWaiting(10_000)],
  ['10,000 waiting orders that Postgres knows of', () => admin('ANALYZE orders, attempts')],
  ['5,000 attempts that came since the tables were analysed', () => insertSucceeded(5_000)],
  ['5,000 attempts that Postgres knows of', () => admin('ANALYZE orders, attempts')],
  [
    'tables that were vacuumed and never analysed, as autovacuum leaves new ones',
    async () => {
      await admin(`DELETE FROM pg_statistic WHERE starelid IN ('orders'::regclass, 'attempts'::regclass)`)
      await admin('VACUUM orders, attempts')
    },
  ],
] as const

describe.each(SITUATIONS)('with %s', (situation, prepare) => {
  const isFew = situation === FEW
  let kept: Kept[] = []
  beforeAll(async () => {
    await prepare()
    kept = await statementsOfAnOrder()
  })

  it('every statement of an order reaches its rows by a key', async () => {
    expect(kept.map(({ name }) => name).sort()).toEqual([
      'commit_intents',
      'doubt_overdue_intent',
      'end_intents',
      'find_orders_by_reference',
      'load_orders',
      'move_orders',
      'postpone_orders',
      'settle_doubts',
      'submit_orders',
      'wait_for_turn',
      'withdraw_intents',
    ])
    const scans = await Promise.all(
      kept.map(async (each) => [each.name, await scansOf(byKey, each)] as const),
    )
    expect(scans.filter(([, found]) => found.length > 0)).toEqual([])
  })

  it('and so does every query of its triggers', async () => {
    const plans = await plansOfAnOrder()
    expect(plans.length).toBeGreaterThan(40)
    expect(plans.flatMap((plan) => scansIn(plan))).toEqual([])
  })

  if (isFew)
    it('the check would find a scan: the fence is one where plans go by cost', async () => {
      const [fence] = kept.filter(({ name }) => name === 'commit_intents')
      expect(fence && (await scansOf(byCost, fence))).toContainEqual(
        expect.stringContaining('Seq Scan of orders'),
      )
    })
})
