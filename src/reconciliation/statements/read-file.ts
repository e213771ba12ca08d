import type { FileRecord, Records } from '../../csv/records.ts'
import { copyRow } from './copy-lines.ts'
import { type FoundHeader, headerSearch } from './header.ts'
import { IGNORED_BY, type IgnoredBy, type IgnoredRows } from './ignored-rows.ts'
import { transactionCheck } from './kinds.ts'
import { type BadLine, type LineReader, lineReader } from './line.ts'
import type { LineBounds } from './line-fields.ts'
import type { Mapping } from './mapping.ts'
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
  const ignored = { blank: 0, above_header: 0, ignored_kinds: 0, ignored_rows: 0, trailer: 0 }
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
  let take: ((record: FileRecord) => string) | null = null
  let totals: TotalsCheck | null = null
  let text = ''
  for await (const batch of records.read()) {
    for (const record of batch) {
      if (take !== null) {
        text += take(record)
        continue
      }
      const found = search.take(record)
      if (found === null) continue
      tally.ignored.above_header = rowsAbove(mapping, found)
      totals = totalsCheck(mapping, found.header)
      const read = lineReader(mapping, found.header, bounds)
      take = lineTaker(read, totals, statementId, tally)
    }
    if (text.length < COPY_CHUNK) continue
    yield text
    text = ''
  }
  if (take === null) throw search.failure()
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

/** Returns a function that counts a record and returns its line for COPY. */
function lineTaker(read: LineReader, totals: TotalsCheck, statementId: number, tally: Tally) {
  let trailerLine: number | null = null
  const keepBad = (bad: BadLine) => {
    tally.badLines.push(bad)
    if (tally.badLines.length > MOST_BAD_LINES) throw tooManyBadLines(bad)
    return ''
  }
  return (record: FileRecord): string => {
    const { lineNumber } = record
    const result = read(record)
    switch (result.is) {
      case 'line':
        if (trailerLine !== null) return keepBad(belowTrailer(lineNumber, trailerLine))
        tally.lineCount += 1
        totals.add(result.line)
        return copyRow(statementId, result.line)
      case 'ignored':
        tally.ignored[result.by] += 1
        if (result.by !== 'trailer') return ''
        trailerLine ??= lineNumber
        if (tally.badLines.length === 0) totals.compare(record)
        return ''
      case 'bad':
        return keepBad(result.bad)
    }
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
