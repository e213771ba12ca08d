import { and, asc, eq } from 'drizzle-orm'
import type { GoldWeight, Rupiah } from '../core/money.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import type { MatchRule } from './enums.ts'
import { statementMatches } from './runs-schema.ts'
import { statementLines, statements } from './statements/schema.ts'

/** A line of a statement that is an order's execution. */
export interface MatchedLine {
  readonly statementId: number
  readonly lineNumber: number
  readonly rule: MatchRule
  readonly differs: boolean
  readonly fileName: string
  readonly sessionId: string | null
  readonly responseId: string | null
  readonly goldWeight: GoldWeight
  readonly amount: Rupiah
  readonly fee: Rupiah | null
  readonly executedAt: Date
}

const selectLines = statement(
  'read_matched_lines',
  { orderId: statementMatches.orderId },
  (db, { orderId }) =>
    db
      .select({
        statementId: statementMatches.statementId,
        lineNumber: statementMatches.lineNumber,
        rule: statementMatches.rule,
        differs: statementMatches.differs,
        fileName: statements.fileName,
        sessionId: statementLines.sessionId,
        responseId: statementLines.responseId,
        goldWeight: statementLines.goldWeight,
        amount: statementLines.amount,
        fee: statementLines.fee,
        executedAt: statementLines.executedAt,
      })
      .from(statementMatches)
      .innerJoin(
        statementLines,
        and(
          eq(statementLines.statementId, statementMatches.statementId),
          eq(statementLines.lineNumber, statementMatches.lineNumber),
        ),
      )
      .innerJoin(statements, eq(statements.id, statementMatches.statementId))
      .where(and(eq(statementMatches.orderId, orderId), statementMatches.current))
      .orderBy(asc(statementMatches.statementId), asc(statementMatches.lineNumber)),
)

/** The statement lines that are an order's execution, each with the rule that matched it. */
export async function readMatchedLines(runner: StatementRunner, orderId: string): Promise<MatchedLine[]> {
  return await selectLines(runner, { orderId })
}
