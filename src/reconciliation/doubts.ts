import type { Session } from '../db/session.ts'

/**
 * Leads orders out of doubt by what statements prove. A doubt that was executed is found by a match; that it was not
 * executed is proven only by complete statements in which nothing could be it. Everything else stays in doubt.
 */

// What Postgres asks of a succeeded attempt: an id of the transaction, and a fee from either side.
const SETTLEABLE = `coalesce(l.session_id, l.response_id) IS NOT NULL AND coalesce(l.fee, a.quoted_fee) IS NOT NULL`

// A late reply or a person may be about to settle one of them: whoever has the row first decides. Attempts are locked
// before orders, as everywhere.
// Only these are settled: one that comes into doubt meanwhile is for the next run.
const HOLD_DOUBTS = {
  name: 'hold_doubts',
  text: `
    CREATE TEMP TABLE held_doubts ON COMMIT DROP AS
    SELECT order_id, seq FROM attempts WHERE outcome = 'in_doubt' ORDER BY order_id FOR UPDATE`,
}

const LEARN_HELD_SIZE = { name: 'learn_held_size', text: 'ANALYZE held_doubts' }

// The unique indexes would refuse it, and the whole run with it.
const IS_ANOTHER_ORDERS = `EXISTS (
  SELECT 1 FROM attempts t WHERE t.order_id <> a.order_id
    AND (t.session_id = l.session_id OR (t.response_id = l.response_id AND t.kind = 'sell' AND a.kind = 'sell')))`

const KEEP_FOUND = {
  name: 'keep_evidence_of_executions',
  text: `
    INSERT INTO doubt_evidence (order_id, verdict, rule, statement_id, line_number, run_id)
    SELECT a.order_id, 'succeeded', m.rule, m.statement_id, m.line_number, s.run_id
    FROM scope s CROSS JOIN held_doubts h
    JOIN attempts a ON a.order_id = h.order_id AND a.seq = h.seq
    JOIN statement_matches m ON m.order_id = a.order_id AND m.seq = a.seq AND m.current
    JOIN statement_lines l ON l.statement_id = m.statement_id AND l.line_number = m.line_number
    WHERE ${SETTLEABLE} AND NOT ${IS_ANOTHER_ORDERS}`,
}

/** When the gateway may have executed an attempt. */
const SEND_WINDOW = 'tstzrange(a.intent_at - s.slack, a.ended_at + s.lag)'

/** That complete statements of every source cover the send window. One silent source could hide the execution. */
export const COVERED = `
  EXISTS (SELECT 1 FROM statements WHERE replaced_at IS NULL)
  AND NOT EXISTS (
    SELECT 1 FROM statements st WHERE st.replaced_at IS NULL
    GROUP BY st.source
    HAVING NOT coalesce(
      range_agg(tstzrange(st.period_from, st.period_to)) FILTER (WHERE st.complete) @> ${SEND_WINDOW}, false))`

/** Doubts joined with lines that belong to nobody else. */
const possibly = (columns: string) => `
  SELECT h.order_id FROM scope s CROSS JOIN held_doubts h
  JOIN attempts a ON a.order_id = h.order_id AND a.seq = h.seq
  JOIN current_statement_lines l ON ${columns}
  WHERE NOT EXISTS (
    SELECT 1 FROM statement_matches m
    WHERE m.statement_id = l.statement_id AND m.line_number = l.line_number AND (m.order_id, m.seq) <> (a.order_id, a.seq))`

// The weight and the amount are not asked: a line that differs in them may still be this order's execution.
// Neither are the line's ids: what they mean at the gateway is less certain than whose wallet was moved, and when.
// Two joins, for one with OR would look through all lines for each doubt.
const WITH_CANDIDATE = `
  ${possibly(`l.kind = a.kind AND l.phone_number = national_phone_number(a.phone_number)
    AND l.executed_at >= a.intent_at - s.slack AND l.executed_at <= a.ended_at + s.lag + s.slack`)}
  UNION
  ${possibly(`l.request_id = a.quote_id AND l.executed_at >= a.intent_at - s.slack - interval '1 day'`)}`

const LOOK_AT_DOUBTS = {
  name: 'look_at_doubts',
  text: `
    CREATE TEMP TABLE left_doubts ON COMMIT DROP AS
    SELECT a.order_id,
      CASE WHEN NOT (${COVERED}) THEN 'awaiting_statement' WHEN c.order_id IS NOT NULL THEN 'candidate_unclear' END AS because,
      ARRAY(SELECT st.id FROM statements st WHERE st.complete AND st.replaced_at IS NULL
        AND tstzrange(st.period_from, st.period_to) && ${SEND_WINDOW} ORDER BY st.id) AS covering_statements
    FROM scope s CROSS JOIN held_doubts h
    JOIN attempts a ON a.order_id = h.order_id AND a.seq = h.seq
    LEFT JOIN (${WITH_CANDIDATE}) c ON c.order_id = h.order_id
    WHERE NOT EXISTS (SELECT 1 FROM doubt_evidence e WHERE e.order_id = a.order_id)`,
}

const KEEP_ABSENT = {
  name: 'keep_evidence_of_absence',
  text: `
    INSERT INTO doubt_evidence (order_id, verdict, rule, covering_statements, run_id)
    SELECT d.order_id, 'rejected', 'absence', d.covering_statements, s.run_id
    FROM scope s CROSS JOIN left_doubts d WHERE d.because IS NULL`,
}

// ended_at stays what it was: when the send ended.
const SETTLE_ATTEMPTS = {
  name: 'settle_attempts_by_evidence',
  text: `
    UPDATE attempts a
    SET outcome = e.verdict, request_id = l.request_id, response_id = l.response_id, session_id = l.session_id,
      gold_weight = l.gold_weight, amount = l.amount,
      fee = CASE e.verdict WHEN 'succeeded' THEN coalesce(l.fee, a.quoted_fee) END
    FROM scope s
    JOIN doubt_evidence e ON e.run_id = s.run_id
    LEFT JOIN statement_lines l ON l.statement_id = e.statement_id AND l.line_number = e.line_number
    WHERE a.order_id = e.order_id AND a.outcome = 'in_doubt'`,
}

const SETTLE_ORDERS = {
  name: 'settle_orders_by_evidence',
  text: `
    UPDATE orders o
    SET state = e.verdict, reason = CASE e.verdict WHEN 'succeeded' THEN 'found_in_statement' ELSE 'not_executed' END,
      actor = s.actor,
      detail = jsonb_strip_nulls(jsonb_build_object('run', e.run_id, 'rule', e.rule, 'statement', e.statement_id,
        'line', e.line_number, 'covering_statements', to_jsonb(e.covering_statements)))
    FROM scope s JOIN doubt_evidence e ON e.run_id = s.run_id
    WHERE o.id = e.order_id AND o.state = 'in_doubt'
    RETURNING o.id`,
}

const NOTE_STAYS = {
  name: 'note_why_doubts_stay',
  text: `
    INSERT INTO doubt_stays (order_id, because, run_id)
    SELECT d.order_id, d.because, s.run_id FROM scope s CROSS JOIN left_doubts d WHERE d.because IS NOT NULL
    ON CONFLICT (order_id) DO UPDATE SET because = excluded.because, run_id = excluded.run_id`,
}

const FORGET_STAYS = {
  name: 'forget_stays_of_settled_doubts',
  text: `DELETE FROM doubt_stays d USING orders o WHERE o.id = d.order_id AND o.state <> 'in_doubt'`,
}

// Nobody needs to approve any more what a statement or a late reply has settled.
const DECLINE_SETTLED = {
  name: 'decline_proposals_of_settled_orders',
  text: `
    UPDATE proposals p SET state = 'declined', decided_by = s.actor, decided_at = clock_timestamp(),
      decision_note = format('the order is %s already (%s), run %s', o.state, o.reason, s.run_id)
    FROM scope s CROSS JOIN orders o WHERE p.order_id = o.id AND p.state = 'open' AND o.state <> 'in_doubt'`,
}

/** Settles what the matches of this scope and the complete statements prove. Comes after matching. */
export async function settleDoubtsByStatements(session: Session): Promise<void> {
  await session.run(HOLD_DOUBTS)
  await session.run(LEARN_HELD_SIZE)
  await session.run(KEEP_FOUND)
  await session.run(LOOK_AT_DOUBTS)
  await session.run(KEEP_ABSENT)
  await session.run(SETTLE_ATTEMPTS)
  await session.run(SETTLE_ORDERS)
  await session.run(NOTE_STAYS)
  await session.run(FORGET_STAYS)
  await session.run(DECLINE_SETTLED)
}
