import type { StatementRunner } from '../../postgres/pool.ts'
import type { IgnoredRows } from './read-file.ts'

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
  /** Rows that were no lines, by what says so; empty for a statement of before that was kept. */
  readonly ignoredRows: Partial<IgnoredRows>
  readonly importedAt: Date
  readonly importedBy: string
  /** The statement that took its place; null while it counts. */
  readonly replacedBy: number | null
}

const LIST_STATEMENTS = {
  name: 'list_statements',
  text: `
    SELECT id AS "statementId", source, period_from AS "periodFrom", period_to AS "periodTo", complete,
      is_approved_complete(id) AS approved, file_name AS "fileName", line_count AS "lineCount", bad_line_count AS "badLineCount", ignored_rows AS "ignoredRows", imported_at AS "importedAt",
      imported_by AS "importedBy", replaced_by AS "replacedBy"
    FROM statements WHERE $1 OR replaced_at IS NULL ORDER BY id DESC`,
}

/** Lists statements, the newest first. */
export async function listStatements(
  runner: StatementRunner,
  withReplaced: boolean,
): Promise<StatementSummary[]> {
  return await runner.run<StatementSummary>(LIST_STATEMENTS, [withReplaced])
}
