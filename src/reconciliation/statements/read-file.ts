import type { FileRecord, Records } from '../../csv/records.ts'
import { copyRow } from './copy-lines.ts'
import { type FoundHeader, headerSearch } from './header.ts'
import { IGNORED_BY, type IgnoredBy, type IgnoredRows } from './ignored-rows.ts'
import { transactionCheck } from './kinds.ts'
import { type BadLine, type LineReader, lineReader } from './line.ts'
import type { LineBounds, StatementLine } from './line-fields.ts'
import type { Mapping } from './mapping.ts'
import { type PartsJoiner, partsJoiner } from './parts.ts'
import { MappingMismatch, StatementRefused } from './statement-refused.ts'
import { type TotalsCheck, totalsCheck } from './totals.ts'

export { IGNORED_BY, type IgnoredBy, type IgnoredRows }

/** The counts of a file as it is read, and its bad lines. */
export interface Tally {
  lineCount: number
  readonly ignored: Record<IgnoredBy, number>
  readonly badLines: BadLine[]
}

export function newTally(): Tally {
  const ignored = { blank: 0, above_header: 0, ignored_kinds: 0, ignored_rows: 0, trailer: 0, joined: 0 }
  return { lineCount: 0, ignored, badLines: [] }
}

/** With more bad lines than this, the mapping does not fit the file. */
const MOST_BAD_LINES = 1_000
const COPY_CHUNK = 64 * 1024

/**
 * Yields the good lines in the format of COPY, in chunks of bounded size. Counts rows, and collects the bad lines.
 * @throws StatementRefused
 */
export async function* copyText(
  records: Records,
  statementId: number,
  mapping: Mapping,
  bounds: LineBounds,
  tally: Tally,
): AsyncGenerator<string> {
  const search = headerSearch(mapping)
  let lines: LineTaker | null = null
  let totals: TotalsCheck | null = null
  let text = ''
  for await (const batch of records.read()) {
    for (const record of batch) {
      if (lines !== null) {
        text += lines.take(record)
        continue
      }
      const found = search.take(record)
      if (found === null) continue
      tally.ignored.above_header = rowsAbove(mapping, found)
      totals = totalsCheck(mapping, found.header)
      const read = lineReader(mapping, found.header, bounds)
      lines = lineTaker({ read, totals, parts: partsJoiner(mapping) }, statementId, tally)
    }
    if (text.length < COPY_CHUNK) continue
    yield text
    text = ''
  }
  if (lines === null) throw search.failure()
  text += lines.end()
  if (tally.badLines.length === 0) totals?.end()
  tally.ignored.blank = records.blankRows()
  yield text
}

/** Counts the rows above the header, and refuses a transaction among them: it would be lost. */
function rowsAbove(mapping: Mapping, { header, above }: FoundHeader): number {
  const isTransaction = transactionCheck(mapping, header)
  const lost = above.find(isTransaction)
  if (lost !== undefined)
    throw new StatementRefused(
      `line ${lost.lineNumber} reads as a transaction and is above the header: see header_row of the mapping`,
    )
  return above.length
}

interface LineTaker {
  /** Counts a record, and returns the lines that are whole now, for COPY. */
  take(record: FileRecord): string
  /** The last line. */
  end(): string
}

interface TakenBy {
  readonly read: LineReader
  readonly totals: TotalsCheck
  readonly parts: PartsJoiner
}

function lineTaker({ read, totals, parts }: TakenBy, statementId: number, tally: Tally): LineTaker {
  let trailerLine: number | null = null
  const keepBad = (bad: BadLine) => {
    tally.badLines.push(bad)
    if (tally.badLines.length > MOST_BAD_LINES) throw tooManyBadLines(bad)
  }
  const copied = (line: StatementLine | null) => {
    if (line === null) return ''
    tally.lineCount += 1
    return copyRow(statementId, line)
  }
  const takeLine = (line: StatementLine) => {
    totals.add(line)
    const { whole, isPart } = parts.take(line)
    if (isPart) tally.ignored.joined += 1
    return copied(whole)
  }
  const takeIgnored = (by: IgnoredBy, record: FileRecord) => {
    tally.ignored[by] += 1
    if (by !== 'trailer') return
    trailerLine ??= record.lineNumber
    if (tally.badLines.length === 0) totals.compare(record)
  }
  return {
    take(record) {
      const result = read(record)
      switch (result.is) {
        case 'line':
          if (trailerLine === null) return takeLine(result.line)
          keepBad(belowTrailer(record.lineNumber, trailerLine))
          break
        case 'ignored':
          takeIgnored(result.by, record)
          break
        case 'bad':
          keepBad(result.bad)
      }
      return copied(parts.end())
    },
    end: () => copied(parts.end()),
  }
}

function belowTrailer(lineNumber: number, trailerLine: number): BadLine {
  const problem = `is below the trailer of line ${trailerLine}: list subtotals in ignored_rows, and split two statements into two files`
  return { lineNumber, column: null, problem, maskedText: '' }
}

function tooManyBadLines({ lineNumber, column, problem }: BadLine): MappingMismatch {
  return new MappingMismatch(
    `more than ${MOST_BAD_LINES} lines cannot be read: the mapping does not fit this file; line ${lineNumber}, ${column ?? 'as a whole'}: ${problem}`,
  )
}
