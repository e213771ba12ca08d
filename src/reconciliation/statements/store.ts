import type { Period } from '../../core/business-days.ts'
import type { Session } from '../../postgres/session.ts'
import type { BadLine } from './line.ts'
import type { IgnoredRows } from './read-file.ts'

const RESERVE_ID = {
  name: 'reserve_statement_id',
  text: `SELECT nextval(pg_get_serial_sequence('statements', 'id'))::int AS "statementId"`,
}

/** The number of a statement that is about to be written. */
export async function reserveStatementId(session: Session): Promise<number> {
  const [row] = await session.run<{ statementId: number }>(RESERVE_ID)
  if (row === undefined) throw new Error('a sequence without a value')
  return row.statementId
}

/** A statement as it is written down. */
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

const INSERT_STATEMENT = {
  name: 'insert_statement',
  text: `
    INSERT INTO statements (id, source, period_from, period_to, complete, content_hash, mapping_name, mapping_version,
      file_name, line_count, bad_line_count, imported_by, ignored_rows)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
}

const INSERT_BAD_LINES = {
  name: 'insert_bad_lines',
  text: `
    INSERT INTO statement_bad_lines (statement_id, line_number, column_name, problem, masked_text)
    SELECT $1, * FROM unnest($2::int[], $3::text[], $4::text[], $5::text[])`,
}

/** Writes a statement down whose lines are written already, with the lines that were set aside. */
export async function insertStatement(session: Session, statement: NewStatement): Promise<void> {
  const { statementId, source, period, complete, contentHash, badLines } = statement
  const { mappingName, mappingVersion, fileName, lineCount, by, ignored } = statement
  const about = [statementId, source, period.from, period.to, complete, contentHash]
  const origin = [mappingName, mappingVersion, fileName, lineCount, badLines.length, by, ignored]
  await session.run(INSERT_STATEMENT, [...about, ...origin])
  if (badLines.length === 0) return
  await session.run(INSERT_BAD_LINES, [
    statementId,
    badLines.map(({ lineNumber }) => lineNumber),
    badLines.map(({ column }) => column),
    badLines.map(({ problem }) => problem),
    badLines.map(({ maskedText }) => maskedText),
  ])
}

const IS_APPROVED = {
  name: 'is_approved_complete',
  text: 'SELECT is_approved_complete($1) AS approved',
}

/** Whether two people declared a statement complete, or trust its source. */
export async function isApprovedComplete(session: Session, statementId: number): Promise<boolean> {
  const [row] = await session.run<{ approved: boolean }>(IS_APPROVED, [statementId])
  return row?.approved === true
}

const LINES_SPAN = {
  name: 'lines_span',
  text: `
    SELECT min(executed_at) AS "first", max(executed_at) AS "last" FROM statement_lines WHERE statement_id = $1`,
}

/** When the first and the last line were executed; null when there is none. */
export async function linesSpan(
  session: Session,
  statementId: number,
): Promise<{ first: Date; last: Date } | null> {
  const [row] = await session.run<{ first: Date | null; last: Date | null }>(LINES_SPAN, [statementId])
  return row?.first && row.last ? { first: row.first, last: row.last } : null
}

/** A current statement that a new one may be meant to replace. */
export interface Earlier {
  readonly statementId: number
  readonly fileName: string
  readonly isSameFile: boolean
}

// Another file for the very same time is a correction; a time that merely overlaps is a month beside its days.
const FIND_EARLIER = {
  name: 'find_earlier_statements',
  text: `
    SELECT id AS "statementId", file_name AS "fileName", content_hash = $2 AS "isSameFile" FROM statements
    WHERE source = $1 AND replaced_at IS NULL AND (content_hash = $2 OR (period_from = $3 AND period_to = $4))
    ORDER BY id`,
}

/** The source's current statements of the same content or of exactly the same period. */
export async function findEarlier(
  session: Session,
  { source, contentHash, period }: Pick<NewStatement, 'source' | 'contentHash' | 'period'>,
): Promise<Earlier[]> {
  return await session.run<Earlier>(FIND_EARLIER, [source, contentHash, period.from, period.to])
}

const REPLACE_STATEMENTS = {
  name: 'replace_statements',
  text: 'UPDATE statements SET replaced_at = now(), replaced_by = $2 WHERE id = ANY ($1::int[])',
}

const END_MATCHES = {
  name: 'end_matches_of_replaced_statements',
  text: 'UPDATE statement_matches SET current = false WHERE statement_id = ANY ($1::int[]) AND current',
}

/** Puts a statement in the place of earlier ones. They are kept; nothing is matched against them any more. */
export async function replaceStatements(
  session: Session,
  earlier: readonly number[],
  statementId: number,
): Promise<void> {
  await session.run(REPLACE_STATEMENTS, [earlier, statementId])
  await session.run(END_MATCHES, [earlier])
}

const SAME_WORDS = `(l.session_id, l.response_id, l.request_id, l.kind, l.phone_number, l.gold_weight, l.amount, l.fee, l.executed_at)`

// Two sells of the same second look alike: the first of the one file is the first of the other, and so on.
const nth = (lines: string) => `
  SELECT l.*, row_number() OVER (PARTITION BY l.statement_id, ${SAME_WORDS.slice(1, -1)} ORDER BY l.line_number) AS nth
  FROM statement_lines l WHERE ${lines}`

const FIND_OVERLAPPING = {
  name: 'find_overlapping_statements',
  text: `
    SELECT e.id AS "statementId" FROM statements e JOIN statements s ON s.id = $1
    WHERE e.source = s.source AND e.id < s.id AND e.replaced_at IS NULL
      AND tstzrange(e.period_from, e.period_to) && tstzrange(s.period_from, s.period_to)`,
}

const KEEP_REPEATS = {
  name: 'keep_repeated_lines',
  text: `
    WITH l AS (${nth('l.statement_id = $1')}), o AS (${nth('l.statement_id = ANY ($2::int[])')})
    INSERT INTO statement_repeats (statement_id, line_number, of_statement_id, of_line_number)
    SELECT l.statement_id, l.line_number, o.statement_id, o.line_number
    FROM l JOIN o ON o.nth = l.nth AND o.executed_at = l.executed_at AND o.phone_number = l.phone_number
      AND ${SAME_WORDS} IS NOT DISTINCT FROM ${SAME_WORDS.replaceAll('l.', 'o.')}`,
}

const COUNT_REPEATS = {
  name: 'count_repeated_lines',
  text: 'SELECT count(DISTINCT line_number)::int AS count FROM statement_repeats WHERE statement_id = $1',
}

/** Notes the lines that earlier statements of the source have in the same words. @returns how many there are */
export async function keepRepeats(session: Session, statementId: number): Promise<number> {
  const overlapping = await session.run<{ statementId: number }>(FIND_OVERLAPPING, [statementId])
  if (overlapping.length === 0) return 0
  await session.run(KEEP_REPEATS, [statementId, overlapping.map((each) => each.statementId)])
  const [row] = await session.run<{ count: number }>(COUNT_REPEATS, [statementId])
  return row?.count ?? 0
}
