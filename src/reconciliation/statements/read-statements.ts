import { desc, isNull, or, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { statement, type } from '../../postgres/statement.ts'
import type { IgnoredRows } from './ignored-rows.ts'
import { statements } from './schema.ts'

/** A statement as a list shows it. */
export interface StatementSummary {
  readonly statementId: number
  readonly source: string
  readonly periodFrom: Date
  readonly periodTo: Date
  readonly complete: boolean
  /** Two people declared it complete, or trust its source. */
  readonly approved: boolean
  readonly fileName: string
  readonly lineCount: number
  readonly badLineCount: number
  /** Rows that are no transactions, by the rule that says so. */
  readonly ignoredRows: Partial<IgnoredRows>
  readonly importedAt: Date
  readonly importedBy: string
  /** The statement that replaced it; null while it counts. */
  readonly replacedBy: number | null
}

const selectStatements = statement(
  'list_statements',
  { withReplaced: type.boolean },
  (db, { withReplaced }) =>
    db
      .select({
        statementId: statements.id,
        source: statements.source,
        periodFrom: statements.periodFrom,
        periodTo: statements.periodTo,
        complete: statements.complete,
        approved: sql<boolean>`is_approved_complete(${statements.id})`,
        fileName: statements.fileName,
        lineCount: statements.lineCount,
        badLineCount: statements.badLineCount,
        ignoredRows: statements.ignoredRows,
        importedAt: statements.importedAt,
        importedBy: statements.importedBy,
        replacedBy: statements.replacedBy,
      })
      .from(statements)
      .where(or(withReplaced, isNull(statements.replacedAt)))
      .orderBy(desc(statements.id)),
)

/** Lists statements, the newest first. */
export async function listStatements(
  runner: StatementRunner,
  withReplaced: boolean,
): Promise<StatementSummary[]> {
  return await selectStatements(runner, { withReplaced })
}
