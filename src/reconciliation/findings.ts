import { type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { attempts } from '../orders/schema.ts'
import type { Session } from '../postgres/session.ts'
import { columnName } from '../postgres/statement.ts'
import { doubtEvidence } from './doubts-schema.ts'
import { statementMatches } from './runs-schema.ts'
import { statementLines, statements } from './statements/schema.ts'
import { workStatement } from './work-statement.ts'
import { attempt, findings, LATEST, line, match, scope } from './work-tables.ts'

/**
 * Finds the differences between statements and orders, as rows of the temporary table `findings`. The key of a finding
 * names its subject, not the run or the file that it was found in, so that a difference found again is the same break.
 */

const CREATE_FINDINGS = workStatement(
  'create_findings',
  sql`
    CREATE TEMP TABLE findings (
      key text PRIMARY KEY, type text, order_id uuid, statement_id int, line_number int,
      rupiah_at_risk bigint, grams_at_risk numeric, difference jsonb
    ) ON COMMIT DROP`,
)

const INSERT = sql`INSERT INTO ${findings}`

/** The identity of a line, the same in every file that has the line. */
const LINE_IDENTITY = sql`concat_ws(':', ${line.source},
  CASE WHEN ${line.sessionId} IS NOT NULL THEN 'session:' || ${line.sessionId}
    WHEN ${line.responseId} IS NOT NULL THEN 'response:' || ${line.responseId}
    WHEN ${line.requestId} IS NOT NULL THEN 'request:' || ${line.kind} || ':' || ${line.requestId}
    ELSE 'line:' || ${line.statementId} || ':' || ${line.lineNumber} END)`

const matchedLine = alias(statementLines, 'matched_line')

// A line without an attempt: its session_id is on another line too, its quote was executed before, or no order knows it.
// A sell, or an attempt that did not succeed, has no session_id here, but its matched line has one.
const UNMATCHED_LINES = workStatement(
  'find_unmatched_lines',
  sql`
    WITH looked_at AS (
      SELECT ${line}.*, ${LINE_IDENTITY} AS identity,
        row_number() OVER (PARTITION BY ${LINE_IDENTITY} ORDER BY ${line.statementId}, ${line.lineNumber}) AS nth,
        (SELECT ${attempt.orderId} FROM ${attempts} ${attempt} JOIN ${statementMatches} ${match} ON ${match.orderId} = ${attempt.orderId} AND ${match.seq} = ${attempt.seq} AND ${match.current}
          WHERE ${attempt.sessionId} = ${line.sessionId} ORDER BY ${attempt.orderId} LIMIT 1) AS session_of,
        e.order_id AS executed_for, e.session_id = ${line.sessionId} AS is_same_session
      FROM left_lines ${line} LEFT JOIN LATERAL (
        SELECT ${attempt.orderId}, ${matchedLine.sessionId} FROM ${attempts} ${attempt}
        JOIN ${statementMatches} ${match} ON ${match.orderId} = ${attempt.orderId} AND ${match.seq} = ${attempt.seq} AND ${match.current}
        JOIN ${statementLines} ${matchedLine} ON ${matchedLine.statementId} = ${match.statementId} AND ${matchedLine.lineNumber} = ${match.lineNumber}
        WHERE (${attempt.quoteId} = ${line.requestId} AND ${attempt.kind} = ${line.kind} AND national_phone_number(${attempt.phoneNumber}) = ${line.phoneNumber})
          OR (${attempt.responseId} = ${line.responseId} AND ${attempt.outcome} = 'succeeded')
        ORDER BY ${matchedLine.sessionId} = ${line.sessionId} DESC NULLS LAST, ${attempt.orderId} LIMIT 1
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
)

/** When the gateway may have executed an attempt. */
const SEND_WINDOW = sql`tstzrange(${attempt.intentAt} - ${scope.slack}, ${attempt.endedAt} + ${scope.lag})`

/** Statements of every source that are declared complete cover the send window. */
const COVERED = sql`
  EXISTS (SELECT 1 FROM ${statements} WHERE ${statements.replacedAt} IS NULL)
  AND NOT EXISTS (
    SELECT 1 FROM ${statements} WHERE ${statements.replacedAt} IS NULL
    GROUP BY ${statements.source}
    HAVING NOT coalesce(
      range_agg(tstzrange(${statements.periodFrom}, ${statements.periodTo})) FILTER (WHERE ${statements.complete})
        @> ${SEND_WINDOW}, false))`

const MISSING_AT_GATEWAY = workStatement(
  'find_missing_at_gateway',
  sql`${INSERT}
    SELECT 'missing_at_gateway:' || ${attempt.orderId} || ':' || ${attempt.seq}, 'missing_at_gateway', ${attempt.orderId}, NULL, NULL,
      ${attempt.amount}, ${attempt.goldWeight},
      jsonb_build_object('ours', jsonb_strip_nulls(jsonb_build_object('kind', ${attempt.kind}, 'session_id', ${attempt.sessionId},
        'response_id', ${attempt.responseId}, 'request_id', ${attempt.quoteId}, 'gold_weight', ${attempt.goldWeight}::text, 'amount', ${attempt.amount},
        'fee', ${attempt.fee}, 'intent_at', ${attempt.intentAt})))
    FROM ${scope} CROSS JOIN left_attempts ${attempt}
    WHERE ${attempt.outcome} = 'succeeded' AND ${COVERED}`,
)

const other = alias(attempts, 'other')
const otherMatch = alias(statementMatches, 'other_match')

// An order that a statement settled has the statement's terms, so its quote is compared.
const DIFFERING_MATCHES = sql`
  SELECT ${match.orderId}, ${match.seq}, ${match.statementId}, ${match.lineNumber}, ${attempt.outcome}, ${attempt.intentAt}, ${attempt.endedAt},
    ${line.kind}, ${line.phoneNumber}, ${line.goldWeight}, ${line.amount}, ${line.fee}, ${line.executedAt}, ${LATEST} AS latest,
    ${attempt.kind} AS our_kind, national_phone_number(${attempt.phoneNumber}) AS our_phone_number,
    CASE WHEN ${doubtEvidence.orderId} IS NULL THEN coalesce(${attempt.goldWeight}, ${attempt.quotedGoldWeight}) ELSE ${attempt.quotedGoldWeight} END AS our_weight,
    CASE WHEN ${doubtEvidence.orderId} IS NULL THEN coalesce(${attempt.amount}, ${attempt.quotedAmount}) ELSE ${attempt.quotedAmount} END AS our_amount,
    CASE WHEN ${doubtEvidence.orderId} IS NULL THEN coalesce(${attempt.fee}, ${attempt.quotedFee}) ELSE ${attempt.quotedFee} END AS our_fee,
    EXISTS (SELECT 1 FROM ${attempts} ${other} WHERE ${other.orderId} = ${attempt.orderId} AND ${other.seq} <> ${attempt.seq} AND (${other.outcome} = 'succeeded'
      OR (${other.seq} < ${attempt.seq} AND EXISTS (SELECT 1 FROM ${statementMatches} ${otherMatch}
        WHERE ${otherMatch.orderId} = ${other.orderId} AND ${otherMatch.seq} = ${other.seq} AND ${otherMatch.current})))) AS has_other_execution
  FROM ${statementMatches} ${match}
  JOIN ${statementLines} ${line} ON ${line.statementId} = ${match.statementId} AND ${line.lineNumber} = ${match.lineNumber}
  JOIN ${attempts} ${attempt} ON ${attempt.orderId} = ${match.orderId} AND ${attempt.seq} = ${match.seq}
  LEFT JOIN ${doubtEvidence} ON ${doubtEvidence.orderId} = ${match.orderId} AND ${doubtEvidence.verdict} = 'succeeded'
  WHERE ${match.differs} AND ${match.current}`

/** A wallet as maskPhoneNumber in src/core/masking.ts shows it. */
const masked = (phoneNumber: SQL) =>
  sql`to_jsonb(left(${phoneNumber}, 2) || repeat('x', length(${phoneNumber}) - 5) || right(${phoneNumber}, 3))`

const NOT_EXECUTED = sql`${columnName(attempts.outcome)} IN ('rejected', 'price_changed', 'not_sent')`

const MATCHES_THAT_DIFFER = workStatement(
  'find_differences',
  sql`
    WITH pair AS (${DIFFERING_MATCHES}), difference AS (
      SELECT p.*, d.*
      FROM ${scope} CROSS JOIN pair p CROSS JOIN LATERAL (VALUES
        ('weight_differs', abs(p.gold_weight - p.our_weight) > ${scope.weightTolerance}, 0::bigint, abs(p.gold_weight - p.our_weight),
          to_jsonb(p.our_weight::text), to_jsonb(p.gold_weight::text)),
        ('amount_differs', abs(p.amount - p.our_amount) > ${scope.amountTolerance}, abs(p.amount - p.our_amount), 0,
          to_jsonb(p.our_amount), to_jsonb(p.amount)),
        ('fee_differs', abs(p.fee - p.our_fee) > ${scope.feeTolerance}, abs(p.fee - p.our_fee), 0,
          to_jsonb(p.our_fee), to_jsonb(p.fee)),
        ('kind_differs', p.kind <> p.our_kind, p.amount, p.gold_weight, to_jsonb(p.our_kind), to_jsonb(p.kind)),
        ('wallet_differs', p.phone_number <> p.our_phone_number, p.amount, p.gold_weight,
          ${masked(sql`p.our_phone_number`)}, ${masked(sql`p.phone_number`)}),
        ('late', p.latest < p.intent_at - ${scope.slack} OR p.executed_at > p.ended_at + ${scope.slack} + ${scope.lag}, p.amount, p.gold_weight,
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
)

/** Fills `findings` from the lines and attempts that matching left, and from matches that differ. */
export async function findDifferences(session: Session): Promise<void> {
  await session.run(CREATE_FINDINGS)
  await session.run(UNMATCHED_LINES)
  await session.run(MISSING_AT_GATEWAY)
  await session.run(MATCHES_THAT_DIFFER)
}
