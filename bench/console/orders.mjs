// Orders of half a year, as they lie in Postgres after their lives, made by set-based SQL.
import { GROWN, ROOMS, storeHeads } from './rooms.mjs'
import { ROWS } from './rows.mjs'

const BLOCK = 500_000

const ORDERS = `
  INSERT INTO orders (id, partner, reference, kind, phone_number, content, content_hash, state, previous_state, reason, actor,
    accepted_at, deadline_at, wake_at, settled_at)
  SELECT id, partner, 'R-' || i, kind, wallet, '{"gold_weight": "0.5000"}', md5('c' || i) || md5('d' || i), state, 'confirming',
    CASE state WHEN 'rejected' THEN 'insufficient_balance' ELSE 'executed' END, 'worker:bench', at, at + interval '15 minutes',
    CASE WHEN state = 'accepted' THEN at + interval '1 year' END,
    CASE WHEN state IN ('succeeded', 'rejected', 'expired', 'cancelled') THEN at + interval '2 seconds' END
  FROM ${ROWS}`

const ATTEMPTS = `
  INSERT INTO attempts (order_id, seq, intent_id, outcome, kind, phone_number, quote_id, quoted_gold_weight, quoted_amount, quoted_fee,
    intent_at, worker, ended_at, request_id, response_id, session_id, gold_weight, amount, fee, gateway_message, http_status)
  SELECT id, 1, md5('i' || i)::uuid, state, kind, wallet, 'Q' || i, 0.5, amount, 5000, at, 'bench', at + interval '1 second',
    'Q' || i, CASE state WHEN 'succeeded' THEN 'P' || i END,
    CASE WHEN state = 'succeeded' AND kind <> 'sell' THEN 'S' || i END,
    CASE state WHEN 'succeeded' THEN 0.5 END, CASE state WHEN 'succeeded' THEN amount END, CASE state WHEN 'succeeded' THEN 5000 END,
    CASE state WHEN 'rejected' THEN 'wallet balance is insufficient' ELSE 'Success' END, CASE state WHEN 'rejected' THEN 400 ELSE 200 END
  FROM ${ROWS} WHERE state IN ('succeeded', 'rejected', 'in_doubt')`

const EVENTS = `
  INSERT INTO order_events (order_id, at, from_state, to_state, reason, actor, partner, feed_position)
  SELECT id, at + interval '1 second' * n, from_state, to_state, CASE n WHEN 0 THEN 'submitted' ELSE 'executed' END, 'worker:bench',
    CASE WHEN is_told THEN partner END, CASE WHEN is_told THEN 1000000000 - i END
  FROM ${ROWS}, LATERAL (VALUES (0, NULL, 'accepted'), (1, 'accepted', 'confirming'), (2, 'confirming', state)) AS e (n, from_state, to_state),
    LATERAL (SELECT n = 2 AND state NOT IN ('accepted', 'held') AS is_told) AS told
  WHERE n < 2 OR state <> 'accepted'`

/** One order in ten has its end told to an endpoint of its partner; one in ten is exported by somebody. */
const TOLD = `
  INSERT INTO webhook_events (id, kind, at, order_event_id, order_id, sequence)
  SELECT md5('w' || i)::uuid, 'order.succeeded', at, i, id, 1 FROM ${ROWS} WHERE i % 10 = 0`
const DELIVERIES = `
  INSERT INTO webhook_deliveries (endpoint_id, event_id, order_id, sequence, state, next_at, tries, step, ended_at)
  SELECT 1, md5('w' || i)::uuid, id, 1, CASE WHEN i % 5000 = 0 THEN 'given_up' ELSE 'delivered' END, at, 1, 0, at + interval '3 seconds'
  FROM ${ROWS} WHERE i % 10 = 0`
const AUDIT = `
  INSERT INTO console_events (at, operator, event, subject, address)
  SELECT at, 'person' || i % 20, 'orders_exported', 'orders by partner', '192.0.2.1' FROM ${ROWS} WHERE i % 10 = 0`
const ENDPOINT = `
  INSERT INTO webhook_endpoints (id, partner, url, kinds, state, secret, created_by)
  VALUES (1, 'p01', 'https://p01.example/hooks', '{order.succeeded}', 'active', 'whsec_bench', 'bench')`
const PARTNER = `INSERT INTO partners (name, state, actor) VALUES ('p01', 'active', 'bench')`

const FILLED = [
  'orders',
  'attempts',
  'order_events',
  'webhook_events',
  'webhook_deliveries',
  'console_events',
  'breaks',
  ...GROWN,
]

/** What drops and makes again the indexes that are no primary key's. */
async function indexesOf(client) {
  const { rows } = await client.query(
    `SELECT format('DROP INDEX %s', indexrelid::regclass) AS drop, pg_get_indexdef(indexrelid) AS create
      FROM pg_index WHERE indrelid = ANY ($1::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)`,
    [FILLED],
  )
  return rows
}

/** Stores them: triggers, a row at a time, would take hours and leave the same rows. Indexes are made after the load. */
export async function storeOrders(client, count, tell) {
  await client.query(`SET session_replication_role = replica; SET maintenance_work_mem = '1GB'`)
  const indexes = await indexesOf(client)
  for (const { drop } of indexes) await client.query(drop)
  for (const text of [PARTNER, ENDPOINT]) await client.query(text)
  await storeHeads(client, count, tell)
  for (let from = 1; from <= count; from += BLOCK) {
    const block = [from, Math.min(from + BLOCK - 1, count), count]
    for (const text of [ORDERS, ATTEMPTS, EVENTS, TOLD, DELIVERIES, AUDIT, ...ROOMS])
      await client.query(text, block)
    tell(`${block[1]} orders`)
  }
  for (const { create } of indexes) {
    await client.query(create)
    tell(create.slice(0, 80))
  }
  await client.query('SET session_replication_role = origin')
  tell('VACUUM ANALYZE')
  await client.query('VACUUM ANALYZE')
}
