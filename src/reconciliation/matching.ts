import { sql } from 'drizzle-orm'
import { attempts } from '../orders/schema.ts'
import type { Session } from '../postgres/session.ts'
import { breaks } from './breaks-schema.ts'
import { matchBySessionId } from './match-by-session.ts'
import { BY_TERMS, KEEP_LEFT_ATTEMPTS } from './match-by-terms.ts'
import {
  agree,
  INSERT,
  matchBy,
  NOT_ANOTHERS,
  UNMATCHED_ATTEMPT,
  UNMATCHED_LINE,
} from './match-conditions.ts'
import { statementMatches } from './runs-schema.ts'
import { currentStatementLines } from './statements/schema.ts'
import { workStatement } from './work-statement.ts'
import { attempt, line, match, scope } from './work-tables.ts'

/**
 * The rules of matching, strongest first. Each rule takes what the earlier ones left. A line belongs to at most one
 * attempt, and an attempt to at most one line: where more would fit, the first in the given order wins, and the others
 * become breaks.
 */

// Lines of open breaks are compared again whatever the period, because what explains them may lie elsewhere. Lines whose
// break was written off are included, or a second line of their session_id would be taken for the written-off one.
const KEEP_LEFT_LINES = workStatement(
  'keep_left_lines',
  sql`
    CREATE TEMP TABLE left_lines ON COMMIT DROP AS
    SELECT ${line}.* FROM left_line_keys k
    JOIN ${currentStatementLines} ${line} ON ${line.statementId} = k.statement_id AND ${line.lineNumber} = k.line_number
    WHERE ${UNMATCHED_LINE}
    UNION ALL
    SELECT DISTINCT ${line}.* FROM ${scope} CROSS JOIN ${breaks}
    JOIN ${currentStatementLines} ${line} ON ${line.statementId} = ${breaks.statementId} AND ${line.lineNumber} = ${breaks.lineNumber}
    WHERE (${breaks.state} = 'open' OR ${breaks.reason} = 'written_off') AND (${line.executedAt} < ${scope.periodFrom} OR ${line.executedAt} >= ${scope.periodTo}) AND ${UNMATCHED_LINE}`,
)

const BY_RESPONSE_ID = workStatement(
  'match_by_response_id',
  sql`${INSERT} ${matchBy('response_id')}
    FROM ${scope} CROSS JOIN left_lines ${line}
    JOIN ${attempts} ${attempt} ON ${attempt.responseId} = ${line.responseId} AND ${attempt.outcome} = 'succeeded'
    WHERE ${UNMATCHED_ATTEMPT} AND ${agree('sessionId')} AND ${NOT_ANOTHERS}
    ORDER BY ${line.phoneNumber} = national_phone_number(${attempt.phoneNumber}) DESC, ${line.kind} = ${attempt.kind} DESC,
      ${line.statementId}, ${line.lineNumber}, ${attempt.orderId}, ${attempt.seq}
    ON CONFLICT DO NOTHING`,
)

// A quote belongs to one wallet and kind: the gateway may number the quotes of each kind separately.
const BY_REQUEST_ID = workStatement(
  'match_by_request_id',
  sql`${INSERT} ${matchBy('request_id')}
    FROM ${scope} CROSS JOIN left_lines ${line}
    JOIN ${attempts} ${attempt} ON ${attempt.quoteId} = ${line.requestId} AND ${attempt.kind} = ${line.kind}
      AND national_phone_number(${attempt.phoneNumber}) = ${line.phoneNumber}
    WHERE ${UNMATCHED_LINE} AND ${UNMATCHED_ATTEMPT} AND ${agree('sessionId')} AND ${agree('responseId')}
      AND ${NOT_ANOTHERS}
    ORDER BY array_position(ARRAY['succeeded', 'in_doubt', 'intent', 'rejected', 'price_changed', 'not_sent'], ${attempt.outcome}),
      ${line.statementId}, ${line.lineNumber}, ${attempt.orderId}, ${attempt.seq}
    ON CONFLICT DO NOTHING`,
)

const DROP_MATCHED_LINES = workStatement(
  'drop_matched_lines',
  sql`
    DELETE FROM left_lines ${line} USING ${statementMatches} ${match}
    WHERE ${match.statementId} = ${line.statementId} AND ${match.lineNumber} = ${line.lineNumber}`,
)

const DROP_MATCHED_ATTEMPTS = workStatement(
  'drop_matched_attempts',
  sql`
    DELETE FROM left_attempts ${attempt} USING ${statementMatches} ${match}
    WHERE ${match.orderId} = ${attempt.orderId} AND ${match.seq} = ${attempt.seq} AND ${match.current}`,
)

// Freshly copied tables have no statistics, and a plan for an empty table is slow on a million rows. Only of the columns
// that the plans of a run depend on: learning all of them took longer than matching by session_id.
const LEARN_SIZES = {
  name: 'learn_sizes',
  text: 'ANALYZE scope, statements, statement_lines (statement_id, line_number), statement_repeats, statement_matches',
}

// What a plan needs of attempts does not change once they are many: their ids are all different.
const LEARN_ATTEMPTS = {
  name: 'learn_attempts',
  text: `
    DO $$ BEGIN
      IF (SELECT reltuples FROM pg_class WHERE oid = 'attempts'::regclass) < 1000 THEN ANALYZE attempts; END IF;
    END $$`,
}

const LEARN_MATCHES = { name: 'learn_matches', text: 'ANALYZE statement_matches' }

const LEARN_LEFT_LINES = { name: 'learn_left_lines', text: 'ANALYZE left_lines' }

/**
 * Matches lines of the scope with attempts, rule by rule. What no rule matched is left in the temporary tables `left_lines`
 * and `left_attempts`.
 */
export async function matchLines(session: Session): Promise<void> {
  await session.run(LEARN_SIZES)
  await session.run(LEARN_ATTEMPTS)
  await matchBySessionId(session)
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
