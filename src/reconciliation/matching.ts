import type { Session } from '../postgres/session.ts'
import type { MatchRule } from './enums.ts'

/**
 * The rules, strongest first. Each takes what the earlier ones left. `l` is a line, `a` an attempt.
 * A line belongs to at most one attempt and an attempt to at most one line: where more would fit, the first in the
 * order given wins, and what is left over becomes a break.
 */

/** A line without a time of day is of any moment of its day. */
export const LATEST = 'coalesce(l.executed_to, l.executed_at)'

/** Whether anything at all is unequal, so that few matches need a second look. Everything but success gets one. */
const DIFFERS = `
  a.outcome <> 'succeeded'
  OR l.gold_weight <> a.gold_weight OR l.amount <> a.amount OR coalesce(l.fee <> a.fee, false)
  OR l.kind <> a.kind OR l.phone_number <> national_phone_number(a.phone_number)
  OR ${LATEST} < a.intent_at - s.slack OR l.executed_at > a.ended_at + s.slack`

const INSERT =
  'INSERT INTO statement_matches (statement_id, line_number, order_id, seq, rule, differs, run_id)'

const select = (rule: MatchRule) =>
  `SELECT l.statement_id, l.line_number, a.order_id, a.seq, '${rule}', ${DIFFERS}, s.run_id`

const UNMATCHED_LINE = `NOT EXISTS (
  SELECT 1 FROM statement_matches m WHERE m.statement_id = l.statement_id AND m.line_number = l.line_number)`

const UNMATCHED_ATTEMPT = `NOT EXISTS (
  SELECT 1 FROM statement_matches m WHERE m.order_id = a.order_id AND m.seq = a.seq AND m.current)`

/** Ids that both sides have and that differ speak against each other. */
const agree = (column: 'session_id' | 'response_id') => `coalesce(l.${column} = a.${column}, true)`

/** A transaction that an order is known to be is no other order's, whatever its other ids say. */
const NOT_ANOTHERS = `NOT EXISTS (
  SELECT 1 FROM attempts x WHERE x.session_id = l.session_id AND (x.order_id, x.seq) <> (a.order_id, a.seq))`

/** The line was executed while the attempt was under way, give or take the clocks and the gateway's lag. */
const WITHIN_WINDOW = `
  ${LATEST} >= a.intent_at - s.slack AND l.executed_at <= coalesce(a.ended_at, now()) + s.lag + s.slack`

// A session_id is nearly always on one line and one attempt. Those pairs are inserted without asking for conflicts,
// which halves the time of a large run; sorted by line, so that the index on lines only grows at its end.
const PAIR_BY_SESSION_ID = {
  name: 'pair_by_session_id',
  text: `
    CREATE TEMP TABLE session_pairs ON COMMIT DROP AS
    SELECT l.statement_id, l.line_number, a.order_id, a.seq, l.session_id, ${DIFFERS} AS differs, s.run_id
    FROM scope s
    JOIN current_statement_lines l ON l.executed_at >= s.period_from AND l.executed_at < s.period_to
    JOIN attempts a ON a.session_id = l.session_id AND a.outcome = 'succeeded'
    WHERE ${UNMATCHED_LINE} AND ${UNMATCHED_ATTEMPT}`,
}

const KEEP_REPEATED_SESSIONS = {
  name: 'keep_repeated_sessions',
  text: `
    CREATE TEMP TABLE repeated_sessions ON COMMIT DROP AS
    SELECT session_id FROM session_pairs GROUP BY session_id HAVING count(*) > 1`,
}

const SESSION_PAIRS = `
  SELECT statement_id, line_number, order_id, seq, 'session_id', differs, run_id FROM session_pairs p`

const BY_UNIQUE_SESSION_ID = {
  name: 'match_by_unique_session_id',
  text: `${INSERT} ${SESSION_PAIRS}
    WHERE NOT EXISTS (SELECT 1 FROM repeated_sessions r WHERE r.session_id = p.session_id)
    ORDER BY statement_id, line_number`,
}

// Sorted, so that of several lines with one session_id the first is matched, whatever plan Postgres chooses.
const BY_REPEATED_SESSION_ID = {
  name: 'match_by_repeated_session_id',
  text: `${INSERT} ${SESSION_PAIRS}
    WHERE EXISTS (SELECT 1 FROM repeated_sessions r WHERE r.session_id = p.session_id)
    ORDER BY statement_id, line_number, order_id, seq
    ON CONFLICT DO NOTHING`,
}

// Lines of open breaks are looked at again whatever the period: what explains them may lie elsewhere. Lines that were
// written off are there too, or a second line of their session_id would be taken for the one that was written off.
const KEEP_LEFT_LINES = {
  name: 'keep_left_lines',
  text: `
    CREATE TEMP TABLE left_lines ON COMMIT DROP AS
    SELECT l.* FROM scope s JOIN current_statement_lines l ON l.executed_at >= s.period_from AND l.executed_at < s.period_to
    WHERE ${UNMATCHED_LINE}
    UNION ALL
    SELECT DISTINCT l.* FROM scope s CROSS JOIN breaks b
    JOIN current_statement_lines l ON l.statement_id = b.statement_id AND l.line_number = b.line_number
    WHERE (b.state = 'open' OR b.reason = 'written_off') AND (l.executed_at < s.period_from OR l.executed_at >= s.period_to) AND ${UNMATCHED_LINE}`,
}

const BY_RESPONSE_ID = {
  name: 'match_by_response_id',
  text: `${INSERT} ${select('response_id')}
    FROM scope s CROSS JOIN left_lines l
    JOIN attempts a ON a.response_id = l.response_id AND a.outcome = 'succeeded'
    WHERE ${UNMATCHED_ATTEMPT} AND ${agree('session_id')} AND ${NOT_ANOTHERS}
    ORDER BY l.phone_number = national_phone_number(a.phone_number) DESC, l.kind = a.kind DESC,
      l.statement_id, l.line_number, a.order_id, a.seq
    ON CONFLICT DO NOTHING`,
}

// A quote belongs to one wallet and kind: the gateway may number quotes of each kind for itself.
const BY_REQUEST_ID = {
  name: 'match_by_request_id',
  text: `${INSERT} ${select('request_id')}
    FROM scope s CROSS JOIN left_lines l
    JOIN attempts a ON a.quote_id = l.request_id AND a.kind = l.kind
      AND national_phone_number(a.phone_number) = l.phone_number
    WHERE ${UNMATCHED_LINE} AND ${UNMATCHED_ATTEMPT} AND ${agree('session_id')} AND ${agree('response_id')}
      AND ${NOT_ANOTHERS}
    ORDER BY array_position(ARRAY['succeeded', 'in_doubt', 'intent', 'rejected', 'price_changed', 'not_sent'], a.outcome),
      l.statement_id, l.line_number, a.order_id, a.seq
    ON CONFLICT DO NOTHING`,
}

/** The gateway may execute in the period what was sent before it. */
const ATTEMPT_IN_PERIOD = `
  a.intent_at >= s.period_from - s.slack - s.lag - interval '1 hour' AND a.intent_at < s.period_to + s.slack`

// All doubts, whatever the period: a line of this period may be theirs. Attempts of open breaks likewise.
const KEEP_LEFT_ATTEMPTS = {
  name: 'keep_left_attempts',
  text: `
    CREATE TEMP TABLE left_attempts ON COMMIT DROP AS
    SELECT a.* FROM attempts a, scope s
    WHERE a.outcome IN ('succeeded', 'intent') AND ${ATTEMPT_IN_PERIOD} AND ${UNMATCHED_ATTEMPT}
    UNION ALL
    SELECT a.* FROM attempts a WHERE a.outcome = 'in_doubt' AND ${UNMATCHED_ATTEMPT}
    UNION ALL
    SELECT DISTINCT a.* FROM scope s CROSS JOIN breaks b
    JOIN attempts a ON a.order_id = b.order_id AND a.outcome = 'succeeded'
    WHERE b.state = 'open' AND NOT (${ATTEMPT_IN_PERIOD}) AND ${UNMATCHED_ATTEMPT}`,
}

const MAY_MATCH_BY_TERMS = `(outcome = 'in_doubt' OR (kind = 'sell' AND outcome = 'succeeded'))`

// Only wallets that have such an attempt are looked at: all pairs of a busy wallet would be millions for nothing.
// Whoever else could own the line counts, also where only doubts and sells may be matched this way. So does every other
// line that could be the attempt's, also just outside of the period: a day outside, for lines without a time of day. Such
// a line is given away only by a run of its whole day, which knows every attempt of it.
const BY_TERMS = {
  name: 'match_by_terms',
  text: `
    WITH looking AS (
      SELECT DISTINCT kind, national_phone_number(phone_number) AS wallet FROM left_attempts a WHERE ${MAY_MATCH_BY_TERMS}
    ), candidates AS (
      SELECT l.*, l.executed_to IS NULL OR l.executed_to <= s.period_to AS is_in_scope FROM left_lines l CROSS JOIN scope s
      UNION ALL
      SELECT l.*, false FROM scope s CROSS JOIN LATERAL (VALUES
        (s.period_from - 2 * s.slack - s.lag - interval '1 day', s.period_from),
        (s.period_to, s.period_to + 2 * s.slack + s.lag + interval '1 hour')) AS margin (begins, ends)
      JOIN current_statement_lines l ON l.executed_at >= margin.begins AND l.executed_at < margin.ends
      WHERE NOT EXISTS (
        SELECT 1 FROM left_lines x WHERE x.statement_id = l.statement_id AND x.line_number = l.line_number)
    ), pairs AS (
      SELECT l.statement_id, l.line_number, l.is_in_scope, a.order_id, a.seq, a.outcome, a.kind, ${DIFFERS} AS differs, s.run_id,
        count(*) OVER (PARTITION BY l.statement_id, l.line_number) AS attempts,
        count(*) OVER (PARTITION BY a.order_id, a.seq) AS lines
      FROM scope s CROSS JOIN candidates l
      JOIN looking w ON w.kind = l.kind AND w.wallet = l.phone_number
      JOIN left_attempts a ON a.kind = l.kind AND national_phone_number(a.phone_number) = l.phone_number
      WHERE ${UNMATCHED_LINE} AND ${UNMATCHED_ATTEMPT}
        AND abs(l.gold_weight - coalesce(a.gold_weight, a.quoted_gold_weight)) <= s.weight_tolerance
        AND coalesce(abs(l.amount - coalesce(a.amount, a.quoted_amount)) <= s.amount_tolerance, true)
        AND ${WITHIN_WINDOW}
        AND ${agree('session_id')} AND ${agree('response_id')} AND coalesce(l.request_id = a.quote_id, true)
        AND ${NOT_ANOTHERS}
    )
    ${INSERT}
    SELECT statement_id, line_number, order_id, seq, 'terms', differs, run_id FROM pairs
    WHERE is_in_scope AND attempts = 1 AND lines = 1 AND ${MAY_MATCH_BY_TERMS}
    ON CONFLICT DO NOTHING`,
}

const DROP_MATCHED_LINES = {
  name: 'drop_matched_lines',
  text: `
    DELETE FROM left_lines l USING statement_matches m
    WHERE m.statement_id = l.statement_id AND m.line_number = l.line_number`,
}

const DROP_MATCHED_ATTEMPTS = {
  name: 'drop_matched_attempts',
  text: `
    DELETE FROM left_attempts a USING statement_matches m
    WHERE m.order_id = a.order_id AND m.seq = a.seq AND m.current`,
}

// Freshly copied tables have no statistics yet, and a plan for an empty table is slow on a million rows.
const LEARN_SIZES = {
  name: 'learn_sizes',
  text: 'ANALYZE scope, statements, statement_lines, statement_repeats, statement_matches, attempts',
}

const LEARN_MATCHES = { name: 'learn_matches', text: 'ANALYZE statement_matches' }

const LEARN_LEFT_LINES = { name: 'learn_left_lines', text: 'ANALYZE left_lines' }

/**
 * Matches lines of the scope with attempts, rule by rule, and leaves what no rule took in the temporary tables
 * `left_lines` and `left_attempts`.
 */
export async function matchLines(session: Session): Promise<void> {
  await session.run(LEARN_SIZES)
  await session.run(PAIR_BY_SESSION_ID)
  await session.run(KEEP_REPEATED_SESSIONS)
  await session.run(BY_UNIQUE_SESSION_ID)
  await session.run(BY_REPEATED_SESSION_ID)
  await session.run(LEARN_MATCHES)
  await session.run(KEEP_LEFT_LINES)
  await session.run(LEARN_LEFT_LINES)
  await session.run(BY_RESPONSE_ID)
  await session.run(BY_REQUEST_ID)
  await session.run(KEEP_LEFT_ATTEMPTS)
  await session.run(BY_TERMS)
  await session.run(DROP_MATCHED_LINES)
  await session.run(DROP_MATCHED_ATTEMPTS)
}
