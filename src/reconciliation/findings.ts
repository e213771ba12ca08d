import type { Session } from '../postgres/session.ts'
import { COVERED } from './doubts.ts'
import { LATEST } from './matching.ts'

/**
 * Everything that does not agree, as rows of the temporary table `findings`. A finding's key names the difference by
 * what it is about, not by the run or the file it was found in: found again, it is the same break.
 */
const CREATE_FINDINGS = {
  name: 'create_findings',
  text: `
    CREATE TEMP TABLE findings (
      key text PRIMARY KEY, type text, order_id uuid, statement_id int, line_number int,
      rupiah_at_risk bigint, grams_at_risk numeric, difference jsonb
    ) ON COMMIT DROP`,
}

const INSERT = 'INSERT INTO findings'

/** What a line is known by wherever it stands. */
const LINE_IDENTITY = `concat_ws(':', l.source,
  CASE WHEN l.session_id IS NOT NULL THEN 'session:' || l.session_id
    WHEN l.response_id IS NOT NULL THEN 'response:' || l.response_id
    WHEN l.request_id IS NOT NULL THEN 'request:' || l.kind || ':' || l.request_id
    ELSE 'line:' || l.statement_id || ':' || l.line_number END)`

// A line without an attempt of its own: its session_id stands elsewhere too, or its quote was executed before, or
// nobody knows it. A sell, or an attempt that ended otherwise, does not know its session_id, but its line does.
const UNMATCHED_LINES = {
  name: 'find_unmatched_lines',
  text: `
    WITH looked_at AS (
      SELECT l.*, ${LINE_IDENTITY} AS identity,
        row_number() OVER (PARTITION BY ${LINE_IDENTITY} ORDER BY l.statement_id, l.line_number) AS nth,
        (SELECT a.order_id FROM attempts a JOIN statement_matches m ON m.order_id = a.order_id AND m.seq = a.seq AND m.current
          WHERE a.session_id = l.session_id ORDER BY a.order_id LIMIT 1) AS session_of,
        e.order_id AS executed_for, e.session_id = l.session_id AS is_same_session
      FROM left_lines l LEFT JOIN LATERAL (
        SELECT a.order_id, ml.session_id FROM attempts a
        JOIN statement_matches m ON m.order_id = a.order_id AND m.seq = a.seq AND m.current
        JOIN statement_lines ml ON ml.statement_id = m.statement_id AND ml.line_number = m.line_number
        WHERE (a.quote_id = l.request_id AND a.kind = l.kind AND national_phone_number(a.phone_number) = l.phone_number)
          OR (a.response_id = l.response_id AND a.outcome = 'succeeded')
        ORDER BY ml.session_id = l.session_id DESC NULLS LAST, a.order_id LIMIT 1
      ) e ON true
    ), typed AS (
      SELECT *, CASE
          WHEN session_id IS NOT NULL AND (session_of IS NOT NULL OR nth > 1 OR is_same_session) THEN 'duplicate_session'
          WHEN executed_for IS NOT NULL THEN 'executed_twice'
          ELSE 'missing_here' END AS type
      FROM looked_at
    )
    ${INSERT}
    SELECT type || ':' || identity || ':' || nth, type,
      CASE type WHEN 'duplicate_session' THEN coalesce(session_of, CASE WHEN is_same_session THEN executed_for END) WHEN 'executed_twice' THEN executed_for END,
      statement_id, line_number, amount, gold_weight,
      jsonb_build_object('theirs', jsonb_strip_nulls(jsonb_build_object('kind', kind, 'session_id', session_id,
        'response_id', response_id, 'request_id', request_id, 'gold_weight', gold_weight::text, 'amount', amount,
        'fee', fee, 'executed_at', executed_at)))
    FROM typed`,
}

const MISSING_AT_GATEWAY = {
  name: 'find_missing_at_gateway',
  text: `${INSERT}
    SELECT 'missing_at_gateway:' || a.order_id || ':' || a.seq, 'missing_at_gateway', a.order_id, NULL, NULL,
      a.amount, a.gold_weight,
      jsonb_build_object('ours', jsonb_strip_nulls(jsonb_build_object('kind', a.kind, 'session_id', a.session_id,
        'response_id', a.response_id, 'request_id', a.quote_id, 'gold_weight', a.gold_weight::text, 'amount', a.amount,
        'fee', a.fee, 'intent_at', a.intent_at)))
    FROM scope s CROSS JOIN left_attempts a
    WHERE a.outcome = 'succeeded' AND ${COVERED}`,
}

// A doubt that a statement settled took the statement's terms over, so it is compared by what was quoted.
const DIFFERING_MATCHES = `
  SELECT m.order_id, m.seq, m.statement_id, m.line_number, a.outcome, a.intent_at, a.ended_at,
    l.kind, l.phone_number, l.gold_weight, l.amount, l.fee, l.executed_at, ${LATEST} AS latest,
    a.kind AS our_kind, national_phone_number(a.phone_number) AS our_phone_number,
    CASE WHEN e.order_id IS NULL THEN coalesce(a.gold_weight, a.quoted_gold_weight) ELSE a.quoted_gold_weight END AS our_weight,
    CASE WHEN e.order_id IS NULL THEN coalesce(a.amount, a.quoted_amount) ELSE a.quoted_amount END AS our_amount,
    CASE WHEN e.order_id IS NULL THEN coalesce(a.fee, a.quoted_fee) ELSE a.quoted_fee END AS our_fee,
    EXISTS (SELECT 1 FROM attempts x WHERE x.order_id = a.order_id AND x.seq <> a.seq AND (x.outcome = 'succeeded'
      OR (x.seq < a.seq AND EXISTS (SELECT 1 FROM statement_matches y
        WHERE y.order_id = x.order_id AND y.seq = x.seq AND y.current)))) AS has_other_execution
  FROM statement_matches m
  JOIN statement_lines l ON l.statement_id = m.statement_id AND l.line_number = m.line_number
  JOIN attempts a ON a.order_id = m.order_id AND a.seq = m.seq
  LEFT JOIN doubt_evidence e ON e.order_id = m.order_id AND e.verdict = 'succeeded'
  WHERE m.differs AND m.current`

/** What people see of a wallet, as maskPhoneNumber in src/core/masking.ts shows it. */
const masked = (phoneNumber: string) =>
  `to_jsonb(left(${phoneNumber}, 2) || repeat('x', length(${phoneNumber}) - 5) || right(${phoneNumber}, 3))`

const NOT_EXECUTED = `outcome IN ('rejected', 'price_changed', 'not_sent')`

const MATCHES_THAT_DIFFER = {
  name: 'find_differences',
  text: `
    WITH pair AS (${DIFFERING_MATCHES}), difference AS (
      SELECT p.*, d.*
      FROM scope s CROSS JOIN pair p CROSS JOIN LATERAL (VALUES
        ('weight_differs', abs(p.gold_weight - p.our_weight) > s.weight_tolerance, 0::bigint, abs(p.gold_weight - p.our_weight),
          to_jsonb(p.our_weight::text), to_jsonb(p.gold_weight::text)),
        ('amount_differs', abs(p.amount - p.our_amount) > s.amount_tolerance, abs(p.amount - p.our_amount), 0,
          to_jsonb(p.our_amount), to_jsonb(p.amount)),
        ('fee_differs', abs(p.fee - p.our_fee) > s.fee_tolerance, abs(p.fee - p.our_fee), 0,
          to_jsonb(p.our_fee), to_jsonb(p.fee)),
        ('kind_differs', p.kind <> p.our_kind, p.amount, p.gold_weight, to_jsonb(p.our_kind), to_jsonb(p.kind)),
        ('wallet_differs', p.phone_number <> p.our_phone_number, p.amount, p.gold_weight,
          ${masked('p.our_phone_number')}, ${masked('p.phone_number')}),
        ('late', p.latest < p.intent_at - s.slack OR p.executed_at > p.ended_at + s.slack + s.lag, p.amount, p.gold_weight,
          to_jsonb(p.intent_at), to_jsonb(p.executed_at)),
        ('state_conflict', ${NOT_EXECUTED} AND NOT p.has_other_execution, p.amount, p.gold_weight,
          to_jsonb(p.outcome), to_jsonb('executed'::text)),
        ('executed_twice', ${NOT_EXECUTED} AND p.has_other_execution, p.amount, p.gold_weight,
          to_jsonb(p.outcome), to_jsonb('executed'::text))
      ) AS d (type, holds, rupiah_at_risk, grams_at_risk, ours, theirs)
      WHERE d.holds
    )
    ${INSERT}
    SELECT type || ':' || order_id || ':' || seq, type, order_id, statement_id, line_number, rupiah_at_risk, grams_at_risk,
      jsonb_build_object('ours', ours, 'theirs', theirs)
    FROM difference`,
}

/** Fills `findings` from what matching left over and from matches that are not equal. */
export async function findDifferences(session: Session): Promise<void> {
  await session.run(CREATE_FINDINGS)
  await session.run(UNMATCHED_LINES)
  await session.run(MISSING_AT_GATEWAY)
  await session.run(MATCHES_THAT_DIFFER)
}
