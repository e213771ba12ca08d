import type { Readable } from 'node:stream'
import { readStrictJson, type StrictJson } from '../../core/strict-json.ts'
import { FileRefused } from '../../csv/file-refused.ts'
import { readLines } from '../../csv/lines.ts'
import type { OnBytes } from '../../csv/open-csv.ts'
import { readRecords } from '../../csv/records.ts'
import { openText } from '../../csv/text.ts'
import { type Delimiter, dataOf, delimiterOf, type Headings, headingsOf, shapeProblem } from './cells.ts'
import { PROBLEM_COLUMN } from './columns.ts'
import { type ReadRow, type RowReader, type RowRule, rowReader, type SourceRow } from './read-row.ts'

/** A batch file being read. */
export interface RowFile {
  /** Null for JSON lines. */
  readonly delimiter: Delimiter | null
  /** All rows, in groups as they become available. */
  rows(): AsyncGenerator<ReadRow[]>
  /** SHA-256 of the file's bytes. Valid once everything was read. */
  fileHash(): string
}

/** How rows are read. */
export interface RowOptions {
  /** The partner of rows that name none. */
  readonly partner: string | null
  readonly rule?: RowRule
  /** A file with more rows is refused as a whole. */
  readonly mostRows?: number
  readonly onBytes?: OnBytes
  /** False: references that stand twice are not problems here, and memory does not grow with the rows. Default: true. */
  readonly findsRepeats?: boolean
}

/**
 * Opens a batch file: CSV with commas or semicolons, or JSON lines. The first line decides which.
 * Memory is bounded, except for the references where repeats are found here.
 * @throws FileRefused
 */
export async function openRows(bytes: Readable, options: RowOptions): Promise<RowFile> {
  const {
    partner,
    rule = () => null,
    mostRows = Number.POSITIVE_INFINITY,
    onBytes,
    findsRepeats = true,
  } = options
  const file = await openText(bytes, onBytes)
  const read = rowReader(partner, rule, findsRepeats)
  const isJson = file.firstLine.startsWith('{')
  const delimiter = isJson ? null : delimiterOf(file.firstLine)
  return {
    delimiter,
    rows: () =>
      atMost(
        mostRows,
        delimiter === null ? jsonRows(file.bytes, read) : csvRows(file.bytes, delimiter, read),
      ),
    fileHash: file.fileHash,
  }
}

/** Passes rows on, and refuses the file once there are too many. */
async function* atMost(mostRows: number, rows: AsyncGenerator<ReadRow[]>): AsyncGenerator<ReadRow[]> {
  let count = 0
  for await (const some of rows) {
    count += some.length
    if (count > mostRows) throw new FileRefused(`the file has more than ${mostRows} rows: split it`)
    yield some
  }
}

/** Refuses a file without rows: an empty one, or one with only a header. */
export function refuseEmpty(rowCount: number): void {
  if (rowCount === 0) throw new FileRefused('the file has no rows: see `goldpro batch template`')
}

async function* csvRows(bytes: Readable, delimiter: Delimiter, read: RowReader): AsyncGenerator<ReadRow[]> {
  let headings: Headings | null = null
  for await (const records of readRecords(bytes, { delimiter, encoding: 'utf-8' }).read()) {
    const rows: ReadRow[] = []
    for (const { cells, lineNumber } of records) {
      if (headings === null) headings = headingsOf(cells)
      else rows.push(csvRow(cells, headings, delimiter, lineNumber, read))
    }
    yield rows
  }
}

function csvRow(
  cells: readonly string[],
  headings: Headings,
  delimiter: Delimiter,
  lineNumber: number,
  read: RowReader,
): ReadRow {
  const source = () => sourceOf(cells, headings)
  const expected = shapeProblem(cells, headings)
  if (expected === null) return read(dataOf(cells, headings, delimiter), lineNumber, source, headings)
  const problems = [{ lineNumber, column: null, maskedValue: '', expected }]
  return { is: 'bad', problems, source: source() }
}

function sourceOf(cells: readonly string[], headings: Headings): SourceRow {
  const entries = headings.map((column, position) => [column, cells[position] ?? ''] as const)
  return {
    cells: Object.fromEntries(entries.filter(([column]) => column !== '' && column !== PROBLEM_COLUMN)),
  }
}

async function* jsonRows(bytes: Readable, read: RowReader): AsyncGenerator<ReadRow[]> {
  for await (const lines of readLines(bytes)) {
    const rows: ReadRow[] = []
    for (const { text, lineNumber } of lines) {
      const json = readStrictJson(text)
      const data = json.is === 'read' ? objectIn(json.value) : null
      if (data !== null) rows.push(read(data, lineNumber, () => ({ text }), null))
      else rows.push(unreadable(json, text, lineNumber))
    }
    yield rows
  }
}

function objectIn(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null
}

function unreadable(json: StrictJson, text: string, lineNumber: number): ReadRow {
  const problems =
    json.is === 'refused'
      ? json.problems.map(({ field, problem }) => ({ column: field, expected: problem }))
      : [{ column: null, expected: 'must be one JSON object a line' }]
  return {
    is: 'bad',
    problems: problems.map((problem) => ({ lineNumber, maskedValue: '', ...problem })),
    source: { text },
  }
}
