import { sql } from 'drizzle-orm'
import { attempts } from '../orders/schema.ts'
import type { Session } from '../postgres/session.ts'
import type { StatementFacts } from './absence.ts'
import { nearStatements } from './absence-tables.ts'
import { doubtEvidence } from './doubts-schema.ts'
import { statementMatches } from './runs-schema.ts'
import { statementLines, statementRepeats, statements } from './statements/schema.ts'
import { workStatement } from './work-statement.ts'
import { attempt, line, match, scope } from './work-tables.ts'

// A statement has a transaction when the transaction is matched with a line of it or with a line that it repeats, or when
// a line of it has one of its ids. Each transaction is in one source's statements: another source may lack it.
const LACKING = sql`
  SELECT ${nearStatements.id}, count(*) AS lacking
  FROM ${scope} CROSS JOIN ${nearStatements}
  JOIN ${attempts} ${attempt} ON ${attempt.outcome} = 'succeeded' AND tstzrange(${attempt.intentAt} - ${scope.slack}, ${attempt.endedAt} + ${scope.lag}) <@ ${nearStatements.period}
  LEFT JOIN ${statementMatches} ${match} ON ${match.orderId} = ${attempt.orderId} AND ${match.seq} = ${attempt.seq} AND ${match.current}
  LEFT JOIN ${statements} ON ${statements.id} = ${match.statementId}
  WHERE ${nearStatements.complete} AND (${match.statementId} IS NULL OR (${statements.id} <> ${nearStatements.id} AND ${statements.source} = ${nearStatements.source}
    AND NOT EXISTS (SELECT 1 FROM ${statementRepeats} WHERE ${statementRepeats.statementId} = ${nearStatements.id}
      AND ${statementRepeats.ofStatementId} = ${match.statementId} AND ${statementRepeats.ofLineNumber} = ${match.lineNumber})
    AND NOT EXISTS (SELECT 1 FROM ${statementLines} ${line} WHERE ${line.statementId} = ${nearStatements.id}
      AND (${line.sessionId} = ${attempt.sessionId} OR ${line.responseId} = ${attempt.responseId}))))
  GROUP BY ${nearStatements.id}`

// An order is executed before its reply comes. Only an order without a reply may be executed later, within the lag.
const DIFFERING = sql`
  SELECT ${nearStatements.id}, ${line.executedTo} IS NOT NULL AS is_vague,
    NOT may_be_wallet(${line.phoneNumber}, ${attempt.phoneNumber}) AS other_wallet, ${line.kind} <> ${attempt.kind} AS other_kind,
    coalesce(${line.executedTo}, ${line.executedAt}) < ${attempt.intentAt} - ${scope.slack} OR ${line.executedAt} > ${attempt.endedAt} + ${scope.slack}
      + CASE WHEN ${attempt.outcome} = 'in_doubt' OR ${doubtEvidence.orderId} IS NOT NULL THEN ${scope.lag} ELSE interval '0' END AS other_time,
    shift.minutes AS shift, ${line.executedAt} - shift.minutes * interval '1 minute'
      BETWEEN ${attempt.intentAt} - ${scope.slack} AND ${attempt.endedAt} + ${scope.slack} AS fits_shifted
  FROM ${scope} CROSS JOIN ${nearStatements}
  JOIN ${statementMatches} ${match} ON ${match.statementId} = ${nearStatements.id} AND ${match.current} AND ${match.differs}
  JOIN ${statementLines} ${line} ON ${line.statementId} = ${match.statementId} AND ${line.lineNumber} = ${match.lineNumber}
  JOIN ${attempts} ${attempt} ON ${attempt.orderId} = ${match.orderId} AND ${attempt.seq} = ${match.seq}
  LEFT JOIN ${doubtEvidence} ON ${doubtEvidence.orderId} = ${attempt.orderId}
  CROSS JOIN LATERAL (SELECT round(extract(epoch FROM ${line.executedAt} - ${attempt.endedAt}) / 900)::int * 15 AS minutes) shift
  WHERE ${nearStatements.complete}`

const READ_STATEMENTS = workStatement(
  'read_statement_facts',
  sql`
    WITH lacking AS (${LACKING}), differing AS (${DIFFERING}), differences AS (
      SELECT id, count(*) FILTER (WHERE other_wallet)::int AS other_wallet,
        count(*) FILTER (WHERE other_time)::int AS other_time, count(*) FILTER (WHERE other_kind)::int AS other_kind,
        CASE WHEN bool_and(other_time AND NOT is_vague AND fits_shifted) AND min(shift) = max(shift) AND min(shift) <> 0 THEN min(shift) END AS shift
      FROM differing GROUP BY id
    )
    SELECT ${nearStatements.id} AS "statementId", coalesce(k.lacking, 0)::int AS lacking, coalesce(differences.other_wallet, 0) AS "otherWallet",
      coalesce(differences.other_time, 0) AS "otherTime", coalesce(differences.other_kind, 0) AS "otherKind",
      CASE WHEN NOT EXISTS (SELECT 1 FROM ${statementMatches} ${match} WHERE ${match.statementId} = ${nearStatements.id} AND ${match.current} AND NOT ${match.differs})
        THEN differences.shift END AS "shiftMinutes"
    FROM ${nearStatements} LEFT JOIN lacking k ON k.id = ${nearStatements.id} LEFT JOIN differences ON differences.id = ${nearStatements.id}
    WHERE ${nearStatements.complete} ORDER BY ${nearStatements.id}`,
)

/** Reads how the complete statements near doubts agree with the orders that we know. */
export async function readStatementFacts(session: Session): Promise<StatementFacts[]> {
  return await session.run<StatementFacts>(READ_STATEMENTS)
}
