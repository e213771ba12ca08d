import { columnLetters, withoutEmptyEnd } from '../../csv/columns.ts'
import type { FileRecord } from '../../csv/records.ts'
import { folded, HEADER_WITHIN, LINE_FIELDS, type LineField, type Mapping } from './mapping.ts'
import { MappingMismatch, StatementRefused } from './statement-refused.ts'

/** The position of each field in a record. */
export type Positions = Readonly<Partial<Record<LineField, number>>>

/** The header of a file and the rows above it. */
export interface FoundHeader {
  readonly header: readonly string[]
  readonly above: readonly FileRecord[]
}

/** A search for the row that the mapping says is the header. */
export interface HeaderSearch {
  /**
   * Takes the next row of the file.
   * @returns null until the header is found
   * @throws StatementRefused when the header is not where the mapping says; the message names the row that may be it
   */
  take(record: FileRecord): FoundHeader | null
  /** The refusal when the file ended before its header. */
  failure(): StatementRefused
}

/** A row that may be the header. */
interface Candidate {
  readonly record: FileRecord
  readonly missing: readonly string[]
}

/** Searches the header. After a wrong row in its place the search goes on, to name the right row in the refusal. */
export function headerSearch(mapping: Mapping): HeaderSearch {
  const { header_row } = mapping
  const above: FileRecord[] = []
  let wrong: Candidate | null = null
  let best: Candidate | null = null
  const isInPlace = ({ lineNumber }: FileRecord, missing: readonly string[]) => {
    if (header_row === 'found') return missing.length === 0
    return header_row === 'first' ? above.length === 0 : lineNumber === header_row
  }
  const failure = () =>
    above.length === 0 && wrong === null
      ? new StatementRefused('the file has no header')
      : new MappingMismatch(`${problemOf(mapping, wrong)}${adviceOf(mapping, wrong, best)}`)
  return {
    take(record) {
      if (record.lineNumber > HEADER_WITHIN) throw failure()
      const missing = missingColumns(mapping, record.cells)
      const candidate = { record, missing }
      if (wrong === null && isInPlace(record, missing)) {
        if (missing.length === 0) return { header: headerOf(record.cells), above }
        wrong = candidate
      }
      if (best === null || missing.length < best.missing.length) best = candidate
      above.push(record)
      return null
    },
    failure,
  }
}

const headerOf = (cells: readonly string[]) => withoutEmptyEnd(cells).map((cell) => cell.trim())

function problemOf({ header_row, delimiter }: Mapping, wrong: Candidate | null): string {
  if (header_row === 'found') return `none of the first ${HEADER_WITHIN} lines has all columns of the mapping`
  if (wrong === null) return `line ${header_row}, where the mapping has the header, is blank or within a cell`
  const [first = '', ...others] = wrong.record.cells
  const where =
    header_row === 'first' ? 'the header' : `line ${header_row}, where the mapping has the header,`
  const looksLike = [',', ';', '\t', '|'].find((sign) => sign !== delimiter && first.includes(sign))
  const hint =
    others.length === 0 && looksLike !== undefined
      ? `; the mapping's delimiter is ${JSON.stringify(delimiter)}, the file's looks like ${JSON.stringify(looksLike)}`
      : ''
  return `${where} has no column ${wrong.missing.join(', ')}${hint}`
}

/** Names the row with the most columns, when it has at least half of them. */
function adviceOf({ columns }: Mapping, wrong: Candidate | null, best: Candidate | null): string {
  if (best === null || best === wrong || best.missing.length > Object.keys(columns).length / 2) return ''
  const { record, missing } = best
  return missing.length === 0
    ? `; line ${record.lineNumber} has them all: declare "header_row": ${record.lineNumber} in the mapping, or "header_row": "found"`
    : `; line ${record.lineNumber} has the most of them, and no column ${missing.join(', ')}`
}

function missingColumns({ columns }: Mapping, cells: readonly string[]): string[] {
  const headings = new Set(cells.map(folded))
  return LINE_FIELDS.flatMap((field) => {
    const heading = columns[field]
    return heading === undefined || headings.has(folded(heading)) ? [] : [heading]
  })
}

/**
 * The positions of the mapping's columns in a header that has them.
 * @throws StatementRefused when the header has one of them twice
 */
export function columnPositions({ columns }: Mapping, header: readonly string[]): Positions {
  const positions: Partial<Record<LineField, number>> = {}
  for (const field of LINE_FIELDS) {
    const heading = columns[field]
    if (heading !== undefined) positions[field] = positionOf(heading, header)
  }
  return positions
}

/**
 * The position of a column.
 * @throws StatementRefused when the header has none or two of it
 */
export function positionOf(heading: string, header: readonly string[]): number {
  const word = folded(heading)
  const found = header.flatMap((each, position) => (folded(each) === word ? [position] : []))
  const [first] = found
  if (first === undefined) throw new MappingMismatch(`the header has no column ${heading}`)
  if (found.length > 1)
    throw new StatementRefused(
      `the header has the column ${heading} more than once (${found.map(columnLetters).join(', ')}): rename all but the one to read`,
    )
  return first
}
