// Orders and jobs that wait while others are measured.
import { openQueue } from '../../dist/queue/backend.js'
import { wakeOrders } from '../../dist/queue/order-worker.js'
import { withClient } from '../servers/postgres.mjs'

const TABLES = ['orders', 'attempts', 'order_events']
const JOBS_AT_ONCE = 1_000

/**
 * Accepted orders as intake leaves them, with ids that begin with the time. Their deadline and the time at which the
 * sweeper would wake them are tomorrow, so that nothing but the measured orders moves. The planner's statistics are
 * those of empty tables, as they are after a burst, and autovacuum stays away: it would come at a time of its own.
 */
const STORE = `
  INSERT INTO orders (id, partner, reference, kind, phone_number, content, content_hash, state, reason, actor,
    accepted_at, deadline_at, wake_at)
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5('o' || i), 1, 3) || '8'
    || substr(md5('o' || i), 5, 15))::uuid, 'waiting', 'W-' || i, 'buy', '0812' || lpad((i % 200000)::text, 8, '0'),
    '{"gold_weight": "0.5000"}', md5('c' || i) || md5('d' || i), 'accepted', 'submitted', 'partner:waiting', at,
    at + interval '1 day', at + interval '1 day'
  FROM generate_series(1, $1::int) AS i, LATERAL (SELECT now() - interval '1 minute' * i / $1 AS at) AS t`

const STORE_EVENTS = `
  INSERT INTO order_events (order_id, at, to_state, reason, actor)
  SELECT id, accepted_at, 'accepted', 'submitted', actor FROM orders`

/** Stores them set-based: triggers, a row at a time, would take minutes and leave the same rows. */
export function storeWaitingOrders(databaseUrl, count) {
  return withClient(databaseUrl, async (client) => {
    for (const table of TABLES) await client.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`)
    await client.query('SET session_replication_role = replica')
    await client.query(STORE, [count])
    await client.query(STORE_EVENTS)
  })
}

/** One job for each of them, behind the measured ones, as jobs of a batch wait. */
export async function addWaitingJobs({ databaseUrl, redisUrl }, tell) {
  const { rows } = await withClient(databaseUrl, (client) =>
    client.query(`SELECT id FROM orders WHERE partner = 'waiting'`),
  )
  const ids = rows.map(({ id }) => id)
  const queue = openQueue({ databaseUrl, redisUrl }, (error) => tell(error.message))
  for (let start = 0; start < ids.length; start += JOBS_AT_ONCE) {
    await wakeOrders(queue, ids.slice(start, start + JOBS_AT_ONCE), 86_400_000, 'batch')
    if (start % 100_000 === 0 && start > 0) tell(`${start} jobs added`)
  }
  await queue.close()
}
