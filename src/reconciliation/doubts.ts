import type { Session } from '../postgres/session.ts'
import { type DoubtFacts, distrustsOf, whyItStays } from './absence.ts'
import { readAbsenceFacts } from './absence-facts.ts'
import type { StayReason } from './enums.ts'
import type { DistrustedStatement } from './run-counts.ts'

export type { DistrustedStatement }

/**
 * Leads orders out of doubt by what statements prove. A doubt that was executed is found by a match; that it was not
 * executed is proven only as `absence.ts` says. Everything else stays in doubt.
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

/** That statements of every source that say to be complete cover the send window. */
export const COVERED = `
  EXISTS (SELECT 1 FROM statements WHERE replaced_at IS NULL)
  AND NOT EXISTS (
    SELECT 1 FROM statements st WHERE st.replaced_at IS NULL
    GROUP BY st.source
    HAVING NOT coalesce(
      range_agg(tstzrange(st.period_from, st.period_to)) FILTER (WHERE st.complete) @> ${SEND_WINDOW}, false))`

const KEEP_ABSENT = {
  name: 'keep_evidence_of_absence',
  text: `
    INSERT INTO doubt_evidence (order_id, verdict, rule, covering_statements, run_id)
    SELECT d.order_id, 'rejected', 'absence', ARRAY(SELECT jsonb_array_elements_text(d.covering)::int), s.run_id
    FROM scope s CROSS JOIN unnest($1::uuid[], $2::jsonb[]) AS d (order_id, covering)`,
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
    SELECT d.order_id, d.because, s.run_id FROM scope s CROSS JOIN unnest($1::uuid[], $2::text[]) AS d (order_id, because)
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

/**
 * Settles what the matches of this scope and the complete statements prove. Comes after matching.
 * @param checks see `whyItStays`
 * @returns the statements near doubts that prove nothing
 */
export async function settleDoubtsByStatements(
  session: Session,
  checks?: readonly StayReason[],
): Promise<DistrustedStatement[]> {
  await session.run(HOLD_DOUBTS)
  await session.run(LEARN_HELD_SIZE)
  await session.run(KEEP_FOUND)
  const { statements, doubts } = await readAbsenceFacts(session)
  const distrusts = new Map(statements.map((facts) => [facts.statementId, distrustsOf(facts)]))
  const looked = doubts.map((facts) => ({ facts, because: whyItStays(facts, distrusts, checks) }))
  await keepAbsent(
    session,
    looked.filter(({ because }) => because === null).map(({ facts }) => facts),
  )
  await session.run(SETTLE_ATTEMPTS)
  await session.run(SETTLE_ORDERS)
  await noteStays(session, looked)
  await session.run(FORGET_STAYS)
  await session.run(DECLINE_SETTLED)
  return statements
    .map(({ statementId, lacking, shiftMinutes }) => ({
      statementId,
      because: distrusts.get(statementId) ?? [],
      ...{ lacking, shiftMinutes },
    }))
    .filter(({ because }) => because.length > 0)
}

async function keepAbsent(session: Session, absent: readonly DoubtFacts[]): Promise<void> {
  await session.run(KEEP_ABSENT, [
    absent.map(({ orderId }) => orderId),
    absent.map(({ coveringStatements }) => JSON.stringify(coveringStatements)),
  ])
}

async function noteStays(
  session: Session,
  looked: readonly { facts: DoubtFacts; because: StayReason | null }[],
): Promise<void> {
  const stays = looked.filter(({ because }) => because !== null)
  await session.run(NOTE_STAYS, [
    stays.map(({ facts }) => facts.orderId),
    stays.map(({ because }) => because),
  ])
}
