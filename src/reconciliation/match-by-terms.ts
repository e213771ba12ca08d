import { sql } from 'drizzle-orm'
import { attempts } from '../orders/schema.ts'
import { columnName } from '../postgres/statement.ts'
import { breaks } from './breaks-schema.ts'
import {
  ATTEMPT_IN_PERIOD,
  agree,
  DIFFERS,
  INSERT,
  NOT_ANOTHERS,
  UNMATCHED_ATTEMPT,
  UNMATCHED_LINE,
} from './match-conditions.ts'
import { currentStatementLines } from './statements/schema.ts'
import { workStatement } from './work-statement.ts'
import { attempt, LATEST, line, scope } from './work-tables.ts'

/** The line was executed while the attempt was under way, within the slack of the clocks and the gateway's lag. */
const WITHIN_WINDOW = sql`
  ${LATEST} >= ${attempt.intentAt} - ${scope.slack} AND ${line.executedAt} <= coalesce(${attempt.endedAt}, now()) + ${scope.lag} + ${scope.slack}`

// All doubts and the attempts of open breaks, whatever the period: a line of this period may be theirs.
export const KEEP_LEFT_ATTEMPTS = workStatement(
  'keep_left_attempts',
  sql`
    CREATE TEMP TABLE left_attempts ON COMMIT DROP AS
    SELECT ${attempt}.* FROM left_attempt_keys k
    JOIN ${attempts} ${attempt} ON ${attempt.orderId} = k.order_id AND ${attempt.seq} = k.seq
    WHERE ${UNMATCHED_ATTEMPT}
    UNION ALL
    SELECT ${attempt}.* FROM ${attempts} ${attempt}, ${scope}
    WHERE ${attempt.outcome} = 'intent' AND ${ATTEMPT_IN_PERIOD} AND ${UNMATCHED_ATTEMPT}
    UNION ALL
    SELECT ${attempt}.* FROM ${attempts} ${attempt} WHERE ${attempt.outcome} = 'in_doubt' AND ${UNMATCHED_ATTEMPT}
    UNION ALL
    SELECT DISTINCT ${attempt}.* FROM ${scope} CROSS JOIN ${breaks}
    JOIN ${attempts} ${attempt} ON ${attempt.orderId} = ${breaks.orderId} AND ${attempt.outcome} = 'succeeded'
    WHERE ${breaks.state} = 'open' AND NOT (${ATTEMPT_IN_PERIOD}) AND ${UNMATCHED_ATTEMPT}`,
)

const MAY_MATCH_BY_TERMS = sql`(${columnName(attempts.outcome)} = 'in_doubt'
  OR (${columnName(attempts.kind)} = 'sell' AND ${columnName(attempts.outcome)} = 'succeeded'))`

// Only wallets with such an attempt are compared: all pairs of a busy wallet would be millions of useless rows.
// Only doubts and sells may be matched this way, but every attempt that could own the line counts. So does every line that
// could be the attempt's, also up to a day outside of the period, because some lines have no time of day. Such a line is
// matched only by a run of its whole day, which knows every attempt of that day.
export const BY_TERMS = workStatement(
  'match_by_terms',
  sql`
    WITH looking AS (
      SELECT DISTINCT kind, national_phone_number(phone_number) AS wallet FROM left_attempts ${attempt} WHERE ${MAY_MATCH_BY_TERMS}
    ), candidates AS (
      SELECT ${line}.*, ${line.executedTo} IS NULL OR ${line.executedTo} <= ${scope.periodTo} AS is_in_scope FROM left_lines ${line} CROSS JOIN ${scope}
      UNION ALL
      SELECT ${line}.*, false FROM ${scope} CROSS JOIN LATERAL (VALUES
        (${scope.periodFrom} - 2 * ${scope.slack} - ${scope.lag} - interval '1 day', ${scope.periodFrom}),
        (${scope.periodTo}, ${scope.periodTo} + 2 * ${scope.slack} + ${scope.lag} + interval '1 hour')) AS margin (begins, ends)
      JOIN ${currentStatementLines} ${line} ON ${line.executedAt} >= margin.begins AND ${line.executedAt} < margin.ends
      WHERE NOT EXISTS (
        SELECT 1 FROM left_lines x WHERE x.statement_id = ${line.statementId} AND x.line_number = ${line.lineNumber})
    ), pairs AS (
      SELECT ${line.statementId}, ${line.lineNumber}, is_in_scope, ${attempt.orderId}, ${attempt.seq}, ${attempt.outcome}, ${attempt.kind}, ${DIFFERS} AS differs, ${scope.runId},
        count(*) OVER (PARTITION BY ${line.statementId}, ${line.lineNumber}) AS attempts,
        count(*) OVER (PARTITION BY ${attempt.orderId}, ${attempt.seq}) AS lines
      FROM ${scope} CROSS JOIN candidates ${line}
      JOIN looking w ON w.kind = ${line.kind} AND w.wallet = ${line.phoneNumber}
      JOIN left_attempts ${attempt} ON ${attempt.kind} = ${line.kind} AND national_phone_number(${attempt.phoneNumber}) = ${line.phoneNumber}
      WHERE ${UNMATCHED_LINE} AND ${UNMATCHED_ATTEMPT}
        AND abs(${line.goldWeight} - coalesce(${attempt.goldWeight}, ${attempt.quotedGoldWeight})) <= ${scope.weightTolerance}
        AND coalesce(abs(${line.amount} - coalesce(${attempt.amount}, ${attempt.quotedAmount})) <= ${scope.amountTolerance}, true)
        AND ${WITHIN_WINDOW}
        AND ${agree('sessionId')} AND ${agree('responseId')} AND coalesce(${line.requestId} = ${attempt.quoteId}, true)
        AND ${NOT_ANOTHERS}
    )
    ${INSERT}
    SELECT statement_id, line_number, order_id, seq, 'terms', differs, run_id FROM pairs
    WHERE is_in_scope AND attempts = 1 AND lines = 1 AND ${MAY_MATCH_BY_TERMS}
    ON CONFLICT DO NOTHING`,
)
