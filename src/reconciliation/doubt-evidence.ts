import { and, eq, sql } from 'drizzle-orm'
import { attempts } from '../orders/schema.ts'
import { isOfAnotherOrder } from '../orders/store/another-order.ts'
import { rows, statement, type } from '../postgres/statement.ts'
import { doubtEvidence } from './doubts-schema.ts'
import { statementMatches } from './runs-schema.ts'
import { statementLines } from './statements/schema.ts'
import { workStatement } from './work-statement.ts'
import { lockedDoubts, scope } from './work-tables.ts'

// A late reply or a person may be about to settle one of them: whoever locks the row first decides. Attempts are locked
// before orders, as everywhere. An order that becomes a doubt after this is left to the next run.
export const LOCK_DOUBTS = workStatement(
  'hold_doubts',
  sql`
    CREATE TEMP TABLE locked_doubts ON COMMIT DROP AS
    SELECT ${attempts.orderId}, ${attempts.seq} FROM ${attempts}
    WHERE ${attempts.outcome} = 'in_doubt' ORDER BY ${attempts.orderId} FOR UPDATE`,
)

export const LEARN_LOCKED_SIZE = { name: 'learn_held_size', text: 'ANALYZE locked_doubts' }

// Settling refuses it as well: evidence of it would be kept of an order that stays in doubt.
const isOfAnother = isOfAnotherOrder({
  orderId: attempts.orderId,
  kind: attempts.kind,
  sessionId: statementLines.sessionId,
  responseId: statementLines.responseId,
})

export const insertExecutions = statement('keep_evidence_of_executions', {}, (db) =>
  db.insert(doubtEvidence).select(
    db
      .select({
        orderId: attempts.orderId,
        verdict: sql`'succeeded'`.as('found_verdict'),
        rule: statementMatches.rule,
        statementId: statementMatches.statementId,
        lineNumber: statementMatches.lineNumber,
        coveringStatements: sql`null::int[]`.as('no_statements'),
        runId: scope.runId,
        at: sql`now()`.as('found_at'),
      })
      .from(scope)
      .crossJoin(lockedDoubts)
      .innerJoin(
        attempts,
        and(eq(attempts.orderId, lockedDoubts.orderId), eq(attempts.seq, lockedDoubts.seq)),
      )
      .innerJoin(
        statementMatches,
        and(
          eq(statementMatches.orderId, attempts.orderId),
          eq(statementMatches.seq, attempts.seq),
          statementMatches.current,
        ),
      )
      .innerJoin(
        statementLines,
        and(
          eq(statementLines.statementId, statementMatches.statementId),
          eq(statementLines.lineNumber, statementMatches.lineNumber),
        ),
      )
      .where(
        and(
          // Postgres requires both of a succeeded attempt.
          sql`coalesce(${statementLines.sessionId}, ${statementLines.responseId}) is not null`,
          sql`coalesce(${statementLines.fee}, ${attempts.quotedFee}) is not null`,
          sql`not ${isOfAnother}`,
        ),
      ),
  ),
)

const ABSENT = rows({ orderId: doubtEvidence.orderId, covering: type.text })

export const insertAbsences = statement('keep_evidence_of_absence', { absent: ABSENT }, (db, { absent }) =>
  db.insert(doubtEvidence).select(
    db
      .select({
        orderId: absent.orderId,
        verdict: sql`'rejected'`.as('absent_verdict'),
        rule: sql`'absence'`.as('absent_rule'),
        statementId: sql`null::int`.as('no_statement'),
        lineNumber: sql`null::int`.as('no_line'),
        coveringStatements: sql`${absent.covering}::int[]`.as('covering_ids'),
        runId: scope.runId,
        at: sql`now()`.as('absent_at'),
      })
      .from(scope)
      .crossJoin(absent),
  ),
)
