import { eq, max, min, sql } from 'drizzle-orm'
import type { Period } from '../../core/business-days.ts'
import type { Session } from '../../postgres/session.ts'
import { rows, statement } from '../../postgres/statement.ts'
import type { IgnoredRows } from './ignored-rows.ts'
import type { BadLine } from './line.ts'
import { statementBadLines, statementLines, statements } from './schema.ts'

const selectNextId = statement('reserve_statement_id', {}, (db) =>
  db
    .select({ statementId: sql<number>`reserved.id::int` })
    .from(sql`nextval(pg_get_serial_sequence('statements', 'id')) as reserved (id)`),
)

/** Takes the id of a statement whose lines are to be written before it. */
export async function reserveStatementId(session: Session): Promise<number> {
  const [row] = await selectNextId(session, {})
  if (row === undefined) throw new Error('a sequence without a value')
  return row.statementId
}

/** A statement to be stored. */
export interface NewStatement {
  readonly statementId: number
  readonly source: string
  readonly period: Period
  readonly complete: boolean
  readonly contentHash: string
  readonly mappingName: string
  readonly mappingVersion: number
  readonly fileName: string
  readonly lineCount: number
  readonly badLines: readonly BadLine[]
  readonly ignored: IgnoredRows
  readonly by: string
}

const { id, source, periodFrom, periodTo, complete, contentHash } = statements
const { mappingName, mappingVersion, fileName, lineCount, badLineCount, importedBy, ignoredRows } = statements
const NEW_STATEMENT = {
  id,
  source,
  periodFrom,
  periodTo,
  complete,
  contentHash,
  mappingName,
  mappingVersion,
  fileName,
  lineCount,
  badLineCount,
  importedBy,
  ignoredRows,
}

const insertRow = statement('insert_statement', NEW_STATEMENT, (db, values) =>
  db.insert(statements).values(values),
)

const NEW_BAD_LINES = rows({
  lineNumber: statementBadLines.lineNumber,
  column: statementBadLines.column,
  problem: statementBadLines.problem,
  maskedText: statementBadLines.maskedText,
})

const insertBadLines = statement(
  'insert_bad_lines',
  { statementId: statementBadLines.statementId, badLines: NEW_BAD_LINES },
  (db, { statementId, badLines }) =>
    db.insert(statementBadLines).select(
      db
        .select({
          statementId: sql`${statementId}`.as('given_statement_id'),
          lineNumber: badLines.lineNumber,
          column: badLines.column,
          problem: badLines.problem,
          maskedText: badLines.maskedText,
        })
        .from(badLines),
    ),
)

/** Stores a statement whose lines are written already, with the lines that were set aside. */
export async function insertStatement(session: Session, given: NewStatement): Promise<void> {
  const { statementId, period, badLines, ignored, by, ...columns } = given
  await insertRow(session, {
    ...columns,
    id: statementId,
    periodFrom: period.from,
    periodTo: period.to,
    badLineCount: badLines.length,
    importedBy: by,
    ignoredRows: ignored,
  })
  if (badLines.length > 0) await insertBadLines(session, { statementId, badLines })
}

const selectApproval = statement(
  'is_approved_complete',
  { statementId: statements.id },
  (db, { statementId }) =>
    db
      .select({ approved: sql<boolean>`is_approved_complete(${statements.id})` })
      .from(statements)
      .where(eq(statements.id, statementId)),
)

/** Whether two people declared a statement complete, or trust its source. */
export async function isApprovedComplete(session: Session, statementId: number): Promise<boolean> {
  const [row] = await selectApproval(session, { statementId })
  return row?.approved === true
}

const selectLinesSpan = statement('lines_span', { statementId: statements.id }, (db, { statementId }) =>
  db
    .select({ first: min(statementLines.executedAt), last: max(statementLines.executedAt) })
    .from(statementLines)
    .where(eq(statementLines.statementId, statementId)),
)

/** The execution times of the first and the last line; null when there is no line. */
export async function linesSpan(
  session: Session,
  statementId: number,
): Promise<{ first: Date; last: Date } | null> {
  const [row] = await selectLinesSpan(session, { statementId })
  return row?.first && row.last ? { first: row.first, last: row.last } : null
}
