import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase } from '../../src/postgres/pool.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'
import { inSession } from '../support/servers/sessions.ts'
import { unnamed } from '../support/unnamed.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test?.drop())

const CONFIRMS = 30_000

/** Orders of a month, as they lie when all have ended. Walking them through their lives would take minutes. */
const ROWS = `generate_series(1, ${CONFIRMS}) i, LATERAL (SELECT now() - interval '30 days' + i * interval '80 seconds' AS at,
  md5('o' || i)::uuid AS id) t`
const OLD_ORDERS = `INSERT INTO orders (id, partner, reference, kind, phone_number, content, content_hash, state, reason, actor,
    accepted_at, deadline_at, wake_at, settled_at)
  SELECT id, 'acme', 'B-' || i, 'buy', '081234500001', '{}', 'hash', 'succeeded', 'executed', 'test', at, at, NULL, at FROM ${ROWS}`
const OLD_CONFIRMS = `INSERT INTO attempts (order_id, seq, intent_id, outcome, kind, phone_number, quote_id, quoted_gold_weight,
    quoted_amount, quoted_fee, intent_at, worker, ended_at, request_id, response_id, session_id, gold_weight, amount, fee)
  SELECT id, 1, gen_random_uuid(), 'succeeded', 'buy', '081234500001', 'q' || i, 0.5, 441690, 5000, at, 'test', at,
    'q' || i, 'r' || i, upper(md5('s' || i)), 0.5, 441690, 5000 FROM ${ROWS}`

const LOOK = `SELECT * FROM breaker_figures(interval '300 seconds', interval '15 seconds')`

it('a look of the breaker reads the confirms of its window, however many there were before', async () => {
  await inSession(test.databaseUrl, async (session) => {
    await session.run(unnamed('SET session_replication_role = replica'))
    await session.run(unnamed(OLD_ORDERS))
    await session.run(unnamed(OLD_CONFIRMS))
    await session.run(unnamed('SET session_replication_role = origin'))
    await session.run(unnamed(`SELECT brin_summarize_new_values('attempts_intent_at')`))
  })
  // As workers ask, whose sessions allow few kinds of plan.
  const settings = { databaseUrl: test.databaseUrl, maxConnections: 1, onError: () => {} }
  const database = openDatabase({ ...settings, plans: 'by_key' })
  try {
    // The first look of a session also reads the catalogue.
    await database.run(unnamed(LOOK), [])
    const [row] = await database.run<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
      unnamed(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${LOOK}`),
      [],
    )
    const { Plan: plan } = row?.['QUERY PLAN'][0] ?? { Plan: {} }
    const read = (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0)
    // A walk through all of them reads each one's page at least once.
    const [table] = await database.run<{ pages: number }>(
      unnamed(`SELECT (pg_relation_size('attempts') / current_setting('block_size')::int)::int AS pages`),
      [],
    )
    expect(table?.pages).toBeGreaterThan(500)
    expect(read).toBeLessThan((table?.pages ?? 0) / 2)
  } finally {
    await database.close()
  }
})
