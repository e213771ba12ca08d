import type { Readable } from 'node:stream'
import { readStrictJson, type StrictJson } from '../../core/strict-json.ts'
import { readLines } from '../../csv/lines.ts'
import { type OnBytes, readRecords } from '../../csv/records.ts'
import { openText } from '../../csv/text.ts'
import { InvalidOrderError, parseSubmission, type Submission } from '../../orders/submission.ts'
import { type Delimiter, dataOf, delimiterOf, type Headings, headingsOf, shapeProblem } from './cells.ts'
import { type ColumnName, columnOf, maskedValue, PROBLEM_COLUMN } from './columns.ts'
import { atMost } from './row-count.ts'
import { SeenReferences } from './seen-references.ts'

/** What is wrong with a row: where, what stands there, and what is expected. Phone and KTP numbers are masked. */
export interface RowProblem {
  readonly lineNumber: number
  /** The heading, or the field of a JSON line; null when the row as a whole is wrong. */
  readonly column: string | null
  readonly maskedValue: string
  readonly expected: string
}

/** A row as the file has it, to be written out again for whoever mends it. */
export type SourceRow = { readonly cells: Partial<Record<ColumnName, string>> } | { readonly text: string }

/** One row of a batch file. */
export type ReadRow =
  | { readonly is: 'good'; readonly lineNumber: number; readonly submission: Submission }
  | {
      readonly is: 'bad'
      readonly problems: readonly RowProblem[]
      readonly source: SourceRow
      /** Set: it is an order, and nothing but the rule is against it. */
      readonly submission?: Submission
    }

/** A batch file being read. */
export interface RowFile {
  /** Null: JSON lines. */
  readonly delimiter: Delimiter | null
  /** All rows, as many at a time as were at hand. */
  rows(): AsyncGenerator<ReadRow[]>
  /** SHA-256 of the file's bytes; known once everything was read. */
  fileHash(): string
}

/** What a row must keep to beside being an order: the field that does not, and what is expected. Null: it does. */
export type RowRule = (submission: Submission) => { readonly field: string; readonly problem: string } | null

/** How rows are read. */
export interface RowOptions {
  /** For rows that name none. */
  readonly partner: string | null
  readonly rule?: RowRule
  /** A file with more rows is refused as a whole. */
  readonly mostRows?: number
  readonly onBytes?: OnBytes
}

/**
 * Opens a batch file: CSV with commas or semicolons, or JSON lines; its first line tells which.
 * Reads in bounded memory, but for the references, which are remembered to find those that stand twice.
 * @throws FileRefused
 */
export async function openRows(bytes: Readable, options: RowOptions): Promise<RowFile> {
  const { partner, rule = () => null, mostRows = Number.POSITIVE_INFINITY, onBytes } = options
  const file = await openText(bytes, onBytes)
  const read = rowReader(partner, rule)
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

type RowReader = (
  data: Record<string, unknown>,
  lineNumber: number,
  source: () => SourceRow,
  headings: Headings | null,
) => ReadRow

async function* csvRows(bytes: Readable, delimiter: Delimiter, read: RowReader): AsyncGenerator<ReadRow[]> {
  let headings: Headings | null = null
  for await (const batch of readRecords(bytes, { delimiter, encoding: 'utf-8' }).read()) {
    const rows: ReadRow[] = []
    for (const { cells, lineNumber } of batch) {
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

/** Reads rows one by one, remembering their references. */
function rowReader(partner: string | null, rule: RowRule): RowReader {
  const seen = new SeenReferences()
  return (given, lineNumber, source, headings) => {
    const { kind, ...data } = given
    if (partner !== null) data.partner ??= partner
    const problemAt = (field: string, expected: string) => ({
      lineNumber,
      // A JSON line's fields are named as it names them.
      column: headings === null ? field : (columnOf(field) ?? field),
      maskedValue: maskedValue(columnOf(field), field === 'kind' ? kind : valueAt(data, field)),
      expected,
    })
    try {
      const submission = parseSubmission(kind, data)
      const earlier = seen.add(submission, lineNumber)
      const broken =
        earlier === null
          ? rule(submission)
          : { field: 'reference', problem: `must be unique in the file: line ${earlier} has it too` }
      if (broken === null) return { is: 'good', lineNumber, submission }
      const problems = [problemAt(broken.field, broken.problem)]
      return { is: 'bad', problems, source: source(), ...(earlier === null ? { submission } : {}) }
    } catch (error) {
      if (!(error instanceof InvalidOrderError)) throw error
      const problems = error.problems.map(({ field, problem }) => problemAt(field, problem))
      return { is: 'bad', problems, source: source() }
    }
  }
}

function valueAt(data: Record<string, unknown>, field: string): unknown {
  return field
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined,
      data,
    )
}
