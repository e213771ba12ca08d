import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOrderStore } from '../../src/orders/store/order-store.ts'
import { parseSubmission } from '../../src/orders/submission.ts'
import { type Database, openDatabase, type Statement } from '../../src/postgres/pool.ts'
import { jobData } from '../support/factories/job-data.ts'
import { aConfirming, anAccepted, aQuote, openStores, outcomes } from '../support/factories/stored-orders.ts'
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
  const runner: Database = {
    ...byKey,
    run(statement: Statement, values) {
      kept.set(statement.name, { name: statement.name, text: statement.text })
      return byKey.run(statement, values)
    },
  }
  const store = createOrderStore(runner)
  const submission = parseSubmission('buy', jobData.buy({}))
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
  await store.settle([settlement])
  await store.doubtOverdueIntent((await aConfirming(stores)).orderId, 0, 'w')
  const cancelled = await anAccepted(stores, 'sell')
  await store.move('cancel', [{ orderId: cancelled, reason: 'cancel_requested', actor: 'p', detail: null }])
  return [...kept.values()]
}

interface Node {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Node[]
}

/** What a condition on an index must name: a key, or what tells an execution. */
const KEYS = /\b(id|order_id|partner|reference|session_id|response_id)\b/

/** Every node that reads orders or attempts and does not reach its rows by a key. */
function scansIn(node: Node, above: Node | null = null): string[] {
  const inner = (node.Plans ?? []).flatMap((each) => scansIn(each, node))
  const type = node['Node Type']
  const relation = type === 'Bitmap Index Scan' ? above?.['Relation Name'] : node['Relation Name']
  const isRead = type !== 'ModifyTable' && (relation === 'orders' || relation === 'attempts')
  // A bitmap's heap is reached by the index below it, which is looked at by itself.
  if (!isRead || type === 'Bitmap Heap Scan') return inner
  return KEYS.test(node['Index Cond'] ?? '')
    ? inner
    : [...inner, `${type} of ${relation} ${node['Index Name'] ?? ''}`]
}

async function scansOf(database: Database, { text }: Kept): Promise<string[]> {
  const explain = unnamed(`EXPLAIN (FORMAT JSON, GENERIC_PLAN) ${text}`)
  const [row] = await database.run<{ 'QUERY PLAN': readonly { Plan: Node }[] }>(explain, [])
  const plan = row?.['QUERY PLAN'][0]?.Plan
  if (plan === undefined) throw new Error('no plan')
  return scansIn(plan)
}

async function insertWaiting(count: number): Promise<void> {
  await admin(`INSERT INTO orders (id, partner, reference, kind, phone_number, content, content_hash, state, reason, actor, deadline_at, wake_at)
    SELECT gen_random_uuid(), 'acme', 'waiting-' || gen_random_uuid(), 'buy', '081234500001', '{"amount": 100000}', 'h', 'accepted', 'submitted', 'p',
      now() + interval '1 hour', now() + interval '1 minute' FROM generate_series(1, ${count})`)
}

const FEW = 'tables that were analysed with a few rows in them'
const SITUATIONS = [
  ['tables that were never analysed', async () => {}],
  [FEW, () => admin('ANALYZE orders, attempts')],
  ['10,000 orders that came since the tables were analysed', () => insertWaiting(10_000)],
  ['10,000 waiting orders that Postgres knows of', () => admin('ANALYZE orders, attempts')],
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
      'withdraw_intents',
    ])
    const scans = await Promise.all(
      kept.map(async (each) => [each.name, await scansOf(byKey, each)] as const),
    )
    expect(scans.filter(([, found]) => found.length > 0)).toEqual([])
  })

  if (isFew)
    it('the check would find a scan: the fence is one where plans go by cost', async () => {
      const [fence] = kept.filter(({ name }) => name === 'commit_intents')
      expect(fence && (await scansOf(byCost, fence))).toContainEqual(
        expect.stringContaining('Seq Scan of orders'),
      )
    })
})
