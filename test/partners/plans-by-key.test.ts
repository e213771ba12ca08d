import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseSubmission } from '../../src/orders/submission.ts'
import { addPartnerWithKey } from '../../src/partners/commands.ts'
import { NO_LIMITS } from '../../src/partners/limits.ts'
import { placeCounted } from '../../src/partners/place-counted.ts'
import { type Database, openDatabase, type Statement } from '../../src/postgres/pool.ts'
import { jobData } from '../support/factories/job-data.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { decidePolicy } from '../support/servers/wallet-policy.ts'
import { unnamed } from '../support/unnamed.ts'

let test: Awaited<ReturnType<typeof createTestDatabase>>
let database: Database
beforeAll(async () => {
  test = await createTestDatabase()
  const { databaseUrl } = test
  database = openDatabase({ databaseUrl, maxConnections: 1, plans: 'by_key', onError() {} })
  await decidePolicy(databaseUrl, 'first_use')
  const deps = { database, random: randomBytes, actor: 'person:test' }
  await addPartnerWithKey('acme', { scopes: ['orders:write'], isSigned: false }, deps)
})
afterAll(async () => {
  await database?.close()
  await test?.drop()
})

interface Node {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Node[]
}

/** Every node that reads a table of ours, and the condition by which it reaches its rows. */
function readsIn(node: Node): string[] {
  const inner = (node.Plans ?? []).flatMap(readsIn)
  const relation = node['Relation Name']
  if (relation === undefined || node['Node Type'] === 'ModifyTable') return inner
  return [...inner, `${relation} by ${node['Index Cond'] ?? node['Node Type']}`]
}

it('counting and storing the orders of a partner reaches every row by its key', async () => {
  const kept = new Map<string, string>()
  const watched: Database = {
    ...database,
    transaction: (work) =>
      database.transaction((runner) =>
        work({
          run(statement: Statement, values) {
            kept.set(statement.name, statement.text)
            return runner.run(statement, values)
          },
        }),
      ),
  }
  const limits = { ...NO_LIMITS, ordersPerMinute: 9, walletsPerDay: 9 }
  const order = { orderId: randomUUID(), submission: parseSubmission('buy', jobData.buyRupiah()), limits }
  await placeCounted(watched, [order])
  const reads: string[] = []
  for (const text of kept.values()) {
    const explain = unnamed(`EXPLAIN (FORMAT JSON, GENERIC_PLAN) ${text}`)
    const [row] = await database.run<{ 'QUERY PLAN': readonly { Plan: Node }[] }>(explain, [])
    const plan = row?.['QUERY PLAN'][0]?.Plan
    if (plan === undefined) throw new Error('no plan')
    reads.push(...readsIn(plan))
  }
  expect([...kept.keys()].sort()).toEqual([
    'add_day_wallets',
    'add_partner_usage',
    'lock_partner_usage',
    'look_up_partner_rows',
    'submit_orders',
  ])
  expect(reads.filter((read) => !/ by .*\b(partner|reference|phone_number)\b/.test(read))).toEqual([])
  expect(reads).toContainEqual(expect.stringMatching(/^orders by .*reference/))
})
