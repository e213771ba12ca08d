// What the other rooms have beside the orders, in proportion to them: statements of each day with a line for each executed
// order, breaks, batches, plans with their due times, and the tries of deliveries. Made by set-based SQL, as the orders are.
import { ROWS } from './rows.mjs'

const DAYS = 180
const RUN_COUNTS = JSON.stringify({
  ...{ matched: { session_id: 1 }, unmatchedLines: 0, settled: { succeeded: 0, rejected: 0 } },
  ...{ stayInDoubt: {}, opened: {}, reopened: 0, explained: 0, openBreaks: 0, distrusted: [] },
})
const BATCH_ROWS = 500
/** One order in so many is a row of a batch, comes from a plan, or has a break. */
const ONE_IN = { batch: 10, plan: 20, break: 1_000, told: 10 }
const plansOf = (count) => Math.max(10, Math.ceil(count / 10_000))

/** The statement of a day in Jakarta: 1 is the day of the oldest orders. */
const STATEMENT = `((at AT TIME ZONE 'Asia/Jakarta')::date - (now() AT TIME ZONE 'Asia/Jakarta' - interval '${DAYS} days')::date + 1)`

const LINES = `
  INSERT INTO statement_lines (statement_id, line_number, session_id, response_id, request_id, kind, phone_number, gold_weight, amount, fee, executed_at)
  SELECT ${STATEMENT}, i + 1, CASE WHEN kind <> 'sell' THEN 'S' || i END, 'P' || i, 'Q' || i, kind, wallet, 0.5,
    amount, 5000, at + interval '0.5 seconds'
  FROM ${ROWS} WHERE state = 'succeeded' AND i % ${ONE_IN.break} <> 500`
const MATCHES = `
  INSERT INTO statement_matches (statement_id, line_number, order_id, seq, rule, differs, current, run_id)
  SELECT ${STATEMENT}, i + 1, id, 1, CASE kind WHEN 'sell' THEN 'response_id' ELSE 'session_id' END, false, true, ${STATEMENT}
  FROM ${ROWS} WHERE state = 'succeeded' AND i % ${ONE_IN.break} <> 500`

/** One break in ten is open, the newest ones among them; the others were explained or written off. */
const BREAKS = `
  INSERT INTO breaks (id, key, type, order_id, statement_id, rupiah_at_risk, grams_at_risk, difference, state, owner, opened_at, due_at,
    closed_at, reason, actor, run_id)
  SELECT i / ${ONE_IN.break} + 1, 'b' || i, (ARRAY['fee_differs', 'amount_differs', 'missing_at_gateway'])[1 + i / ${ONE_IN.break} % 3],
    id, ${STATEMENT}, amount, 0, '{}', CASE WHEN is_open THEN 'open' ELSE 'closed' END, CASE WHEN i % 3 = 0 THEN 'person' || i % 20 END,
    at + interval '1 day', at + interval '3 days', CASE WHEN NOT is_open THEN at + interval '2 days' END,
    CASE WHEN is_open THEN 'found' WHEN i % 2 = 0 THEN 'written_off' ELSE 'explained' END, 'person:bench', ${STATEMENT}
  FROM ${ROWS}, LATERAL (SELECT i / ${ONE_IN.break} % 10 = 0 OR i < 20000 AS is_open) AS b WHERE i % ${ONE_IN.break} = 500`
const BREAK_EVENTS = `
  INSERT INTO break_events (break_id, at, reason, actor, rupiah_at_risk, grams_at_risk, run_id)
  SELECT i / ${ONE_IN.break} + 1, at + n * interval '1 day', reason, 'person:bench', amount, 0, ${STATEMENT}
  FROM ${ROWS}, LATERAL (VALUES (1, 'found'), (2, 'noted')) AS e (n, reason) WHERE i % ${ONE_IN.break} = 500`
const WRITE_OFFS = `
  INSERT INTO proposals (break_id, decision, note, facts, proposed_by, proposed_at, state, decided_by, decided_at, decision_note)
  SELECT i / ${ONE_IN.break} + 1, 'write_off', 'looked at it', '{"evidence": null, "executed": null}', 'person' || i % 5, at,
    CASE WHEN is_open THEN 'open' ELSE 'approved' END, CASE WHEN NOT is_open THEN 'checker' END,
    CASE WHEN NOT is_open THEN at + interval '2 days' END, CASE WHEN NOT is_open THEN 'seen' END
  FROM ${ROWS}, LATERAL (SELECT i / ${ONE_IN.break} % 50 = 0 AS is_open) AS b
  WHERE i % ${ONE_IN.break} = 500 AND (is_open OR i % 4 = 0 AND i / ${ONE_IN.break} % 10 <> 0 AND i >= 20000)`

const BATCH = `i / ${ONE_IN.batch} / ${BATCH_ROWS} + 1`
const BATCH_LINES = `
  INSERT INTO batch_rows (batch_id, row_number, line_number, partner, reference, kind, phone_number, content, content_hash, state, order_id, fed_at)
  SELECT ${BATCH}, i / ${ONE_IN.batch} % ${BATCH_ROWS} + 1, i / ${ONE_IN.batch} % ${BATCH_ROWS} + 2, partner, 'R-' || i, kind, wallet,
    '{"gold_weight": "0.5000"}', md5('c' || i) || md5('d' || i), 'ended', id, at
  FROM ${ROWS} WHERE i % ${ONE_IN.batch} = 1`
const RUNS = `
  INSERT INTO plan_runs (plan_id, due_at, reference, state, reason, actor, order_id, planned_at, started_at, ended_at)
  SELECT i / ${ONE_IN.plan} % greatest(10, ceil($3::int / 10000.0)::int) + 1, at, 'R-' || i, 'finished', 'ended', 'scheduler:bench', id, at, at,
    at + interval '2 seconds'
  FROM ${ROWS} WHERE i % ${ONE_IN.plan} = 2`
const TRIES = `
  INSERT INTO webhook_tries (event_id, endpoint_id, try, at, duration_ms, http_status, reply)
  SELECT md5('w' || i)::uuid, 1, 1, at + interval '3 seconds', 20, CASE WHEN i % 5000 = 0 THEN 500 ELSE 200 END, 'ok'
  FROM ${ROWS} WHERE i % ${ONE_IN.told} = 0`
const STAYS = `
  INSERT INTO doubt_stays (order_id, because, run_id) SELECT id, 'awaiting_statement', ${DAYS} FROM ${ROWS} WHERE state = 'in_doubt'`

/** In the order of the blocks of orders, each with the block's bounds and the count. */
export const ROOMS = [LINES, MATCHES, BREAKS, BREAK_EVENTS, WRITE_OFFS, BATCH_LINES, RUNS, TRIES, STAYS]

/** The tables that grow with the orders. */
export const GROWN = [
  'statement_lines',
  'statement_matches',
  'break_events',
  'batch_rows',
  'plan_runs',
  'webhook_tries',
]

const DAY = `(now() AT TIME ZONE 'Asia/Jakarta' - interval '${DAYS} days')::date`
/** Midnight in Jakarta, so many days after the oldest one. */
const dayStart = (n) => `((${DAY} + ${n})::timestamp AT TIME ZONE 'Asia/Jakarta')`

const HEADS = [
  `INSERT INTO statements (id, source, period_from, period_to, complete, content_hash, mapping_name, mapping_version, file_name,
     line_count, bad_line_count, imported_at, imported_by)
   SELECT n, 'gateway', ${dayStart('n - 1')}, ${dayStart('n')}, n <= ${DAYS}, md5('s' || n), 'sandbox', 1, 'day-' || n || '.csv',
     $1::int / ${DAYS}, 0, ${dayStart('n')} + interval '1 hour', 'maker'
   FROM generate_series(1, ${DAYS} + 1) AS n`,
  `INSERT INTO proposals (statement_id, decision, note, facts, proposed_by, state, decided_by, decided_at, decision_note)
   SELECT n, 'statement_complete', 'imported', '{"evidence": null, "executed": null}', 'maker', 'approved', 'checker', now(), 'seen'
   FROM generate_series(1, ${DAYS} - 2) AS n WHERE $1::int > 0`,
  `INSERT INTO recon_runs (id, started_at, finished_at, period_from, period_to, actor, settings, counts)
   SELECT n, ${dayStart('n')}, ${dayStart('n')} + interval '1 minute', ${dayStart('n - 1')}, ${dayStart('n')}, 'scheduler', '{}', '${RUN_COUNTS}'
   FROM generate_series(1, ${DAYS}) AS n WHERE $1::int > 0`,
  `INSERT INTO batches (id, file_name, file_hash, content_hash, page_hashes, row_count, state, reason, actor, created_at, created_by,
     approved_at, approved_by, rate_per_second, started_at, ended_at, fed_count, ended_count, failed_count)
   SELECT n, 'pay-' || n || '.csv', md5('f' || n), md5('b' || n), '{}', ${BATCH_ROWS}, state, 'created', 'person:maker', now() - n * interval '1 hour',
     'maker', CASE WHEN state <> 'checked' THEN now() END, CASE WHEN state <> 'checked' THEN 'checker' END, 20,
     CASE WHEN state <> 'checked' THEN now() END, CASE state WHEN 'finished' THEN now() END,
     CASE state WHEN 'checked' THEN 0 ELSE ${BATCH_ROWS} END, CASE state WHEN 'checked' THEN 0 ELSE ${BATCH_ROWS} END, 0
   FROM generate_series(1, $1::int / ${ONE_IN.batch * BATCH_ROWS} + 1) AS n,
     LATERAL (SELECT CASE WHEN n <= 2 THEN 'checked' WHEN n <= 4 THEN 'running' ELSE 'finished' END AS state) AS s`,
  `INSERT INTO batch_events (batch_id, at, from_state, to_state, reason, actor)
   SELECT n, now() - n * interval '1 hour', from_state, to_state, 'created', 'person:maker'
   FROM generate_series(1, $1::int / ${ONE_IN.batch * BATCH_ROWS} + 1) AS n,
     LATERAL (VALUES (NULL, 'draft'), ('draft', 'checked'), ('checked', 'approved'), ('approved', 'running')) AS e (from_state, to_state)`,
  `INSERT INTO plans (id, name, partner, source, schedule, time_zone, starts_at, missed, max_age_minutes, overlap, state, reason, actor,
     next_due_at, created_by)
   SELECT n, 'plan-' || n, 'p01', '{"is": "order", "kind": "buy", "phone_number": "081200000042", "content": {"gold_weight": "0.5000"}}',
     '{"is": "cron", "pattern": "0 9 * * *"}', 'Asia/Jakarta', now() - interval '${DAYS} days', 'run_once', 1440, 'skip', 'active', 'added',
     'person:maker', now() + n * interval '1 minute', 'maker'
   FROM generate_series(1, greatest(10, ceil($1::int / 10000.0)::int)) AS n`,
]

/** The rows that others belong to. */
export async function storeHeads(client, count, tell) {
  for (const text of HEADS) await client.query(text, [count])
  tell(`${DAYS} statements, ${plansOf(count)} plans`)
}
