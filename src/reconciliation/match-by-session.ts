import { sql } from 'drizzle-orm'
import { attempts } from '../orders/schema.ts'
import { StorageError } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import {
  ATTEMPT_IN_PERIOD,
  DIFFERS,
  INSERT,
  LINE_IN_PERIOD,
  matchBy,
  UNMATCHED_ATTEMPT,
  UNMATCHED_LINE,
} from './match-conditions.ts'
import { currentStatementLines, statements } from './statements/schema.ts'
import { workStatement } from './work-statement.ts'
import { attempt, line, scope } from './work-tables.ts'

/**
 * Matches by session_id, which is nearly always on one line and one attempt of the period. So lines and attempts of the
 * period are joined once, in full: pairs become matches, and the keys of what is left over go to `left_line_keys` and
 * `left_attempt_keys`. No later statement passes over what is matched.
 */

const CREATE_KEYS = [
  {
    name: 'create_left_line_keys',
    text: 'CREATE TEMP TABLE left_line_keys (statement_id int, line_number int) ON COMMIT DROP',
  },
  {
    name: 'create_left_attempt_keys',
    text: 'CREATE TEMP TABLE left_attempt_keys (order_id uuid, seq int) ON COMMIT DROP',
  },
]

const PAIRS = sql`
  SELECT ${line.statementId}, ${line.lineNumber}, ${attempt.orderId}, ${attempt.seq}, ${DIFFERS} AS differs, ${scope.runId}
  FROM ${scope} CROSS JOIN (
    (SELECT ${line}.* FROM ${currentStatementLines} ${line} WHERE ${LINE_IN_PERIOD} AND ${UNMATCHED_LINE}) AS line
    FULL JOIN
    (SELECT ${attempt}.* FROM ${attempts} ${attempt}
      WHERE ${ATTEMPT_IN_PERIOD} AND ${attempt.outcome} = 'succeeded' AND ${UNMATCHED_ATTEMPT}) AS attempt
    ON ${attempt.sessionId} = ${line.sessionId})`

const INSERT_PAIRS = sql`${INSERT}
  SELECT statement_id, line_number, order_id, seq, 'session_id', differs, run_id FROM pairs
  WHERE statement_id IS NOT NULL AND order_id IS NOT NULL`

const KEEP_LEFT_ATTEMPT_KEYS = sql`
  INSERT INTO left_attempt_keys SELECT order_id, seq FROM pairs WHERE statement_id IS NULL`

// Without ON CONFLICT, which would double the time: it fails when a session_id is on two lines.
const MATCH_ONCE = workStatement(
  'match_by_session_id',
  sql`
    WITH pairs AS MATERIALIZED (${PAIRS}), matched AS (${INSERT_PAIRS}), left_lines AS (
      INSERT INTO left_line_keys SELECT statement_id, line_number FROM pairs WHERE order_id IS NULL)
    ${KEEP_LEFT_ATTEMPT_KEYS}`,
)

// Sorted, so that the first of several lines with one session_id is matched, whatever plan Postgres chooses.
const MATCH_FIRST_OF_REPEATED = workStatement(
  'match_by_repeated_session_id',
  sql`
    WITH pairs AS MATERIALIZED (${PAIRS}), matched AS (
      ${INSERT_PAIRS} ORDER BY statement_id, line_number ON CONFLICT DO NOTHING RETURNING statement_id, line_number
    ), left_lines AS (
      INSERT INTO left_line_keys SELECT statement_id, line_number FROM pairs p
      WHERE statement_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM matched m WHERE m.statement_id = p.statement_id AND m.line_number = p.line_number))
    ${KEEP_LEFT_ATTEMPT_KEYS}`,
)

// Postgres does not know how many lines a period has, and takes them for few. It then looks for each one's match by itself,
// which doubles the time, unless the matches of all periods are many more than the lines of this one.
const CHOOSE_JOINS = workStatement(
  'choose_joins',
  sql`
    SELECT set_config('enable_nestloop', CASE WHEN (SELECT reltuples FROM pg_class WHERE oid = 'statement_matches'::regclass) <= 4 * (
        SELECT coalesce(sum(${statements.lineCount}), 0) FROM ${statements}
        WHERE ${statements.replacedAt} IS NULL AND ${statements.periodFrom} < ${scope.periodTo} AND ${statements.periodTo} > ${scope.periodFrom})
      THEN 'off' ELSE 'on' END, true)
    FROM ${scope}`,
)
const LEAVE_JOINS = { name: 'leave_joins', text: `SET LOCAL enable_nestloop = on` }

const LEARN_KEYS = { name: 'learn_left_keys', text: 'ANALYZE left_line_keys, left_attempt_keys' }

// A line may be of an attempt of any time.
const MATCH_ELSEWHERE = workStatement(
  'match_by_session_id_of_other_times',
  sql`${INSERT} ${matchBy('session_id')}
    FROM ${scope} CROSS JOIN left_line_keys k
    JOIN ${currentStatementLines} ${line} ON ${line.statementId} = k.statement_id AND ${line.lineNumber} = k.line_number
    JOIN ${attempts} ${attempt} ON ${attempt.sessionId} = ${line.sessionId} AND ${attempt.outcome} = 'succeeded'
    WHERE ${UNMATCHED_ATTEMPT}
    ORDER BY ${line.statementId}, ${line.lineNumber}
    ON CONFLICT DO NOTHING`,
)

const SAVEPOINT = { name: 'session_point', text: 'SAVEPOINT before_sessions' }
const BACK_TO_SAVEPOINT = {
  name: 'back_to_session_point',
  text: 'ROLLBACK TO SAVEPOINT before_sessions',
}
const UNIQUE_VIOLATION = '23505'

/** Matches by session_id. Creates `left_line_keys` and `left_attempt_keys`, which may name what a later rule matched. */
export async function matchBySessionId(session: Session): Promise<void> {
  for (const statement of CREATE_KEYS) await session.run(statement)
  await session.run(CHOOSE_JOINS)
  await session.run(SAVEPOINT)
  try {
    await session.run(MATCH_ONCE)
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== UNIQUE_VIOLATION) throw error
    await session.run(BACK_TO_SAVEPOINT)
    await session.run(MATCH_FIRST_OF_REPEATED)
  }
  await session.run(LEAVE_JOINS)
  await session.run(LEARN_KEYS)
  await session.run(MATCH_ELSEWHERE)
}
