import { maskNumbersIn, maskPhoneNumber } from '../../core/masking.ts'
import { rowShape } from '../../csv/columns.ts'
import type { FileRecord } from '../../csv/records.ts'
import { columnPositions, type Positions } from './header.ts'
import { transactionCheck } from './kinds.ts'
import { type Cell, fieldsReader, type LineBounds, type StatementLine, Unreadable } from './line-fields.ts'
import { LINE_FIELDS, type LineField, type Mapping } from './mapping.ts'
import { rowRules } from './row-rules.ts'

/** A line that cannot be read, with its place and problem. Phone and KTP numbers are masked. */
export interface BadLine {
  readonly lineNumber: number
  /** The heading; null when the line as a whole is wrong. */
  readonly column: string | null
  readonly problem: string
  readonly maskedText: string
}

export type ReadLine =
  | { readonly is: 'line'; readonly line: StatementLine }
  /** Not a transaction, by a rule of the mapping. */
  | { readonly is: 'ignored'; readonly by: 'ignored_kinds' | 'ignored_rows' | 'trailer' }
  | { readonly is: 'bad'; readonly bad: BadLine }

/** Reads the cells of one record. */
export type LineReader = (record: FileRecord) => ReadLine

/**
 * A reader for the lines under a header.
 * @throws StatementRefused when the header lacks a column of the mapping, or has one twice
 */
export function lineReader(mapping: Mapping, header: readonly string[], bounds: LineBounds): LineReader {
  const positions = columnPositions(mapping, header)
  const ruleOf = rowRules(mapping, header)
  const isTransaction = transactionCheck(mapping, header)
  const read = fieldsReader(mapping, bounds)
  const cellsOf = (cells: readonly string[]) => (field: LineField) => {
    const position = positions[field]
    return position === undefined ? '' : (cells[position] ?? '').trim()
  }
  const readable = readableCheck(positions)
  return (record) => {
    const { cells, lineNumber } = record
    const cell = cellsOf(cells)
    const bad = (column: string | null, problem: string): ReadLine => ({
      is: 'bad',
      bad: { lineNumber, column, problem, maskedText: maskedText(cell) },
    })
    const rule = ruleOf(cells)
    if (rule !== null)
      return isTransaction(record)
        ? bad(null, `is ignored by the mapping's ${rule}, and reads as a transaction`)
        : { is: 'ignored', by: rule }
    const problem = shapeProblem(cells, header)
    if (problem !== null) return bad(null, problem)
    try {
      if (record.unreadable !== undefined) readable(record.unreadable)
      const line = read(cell, lineNumber)
      return line === null ? { is: 'ignored', by: 'ignored_kinds' } : { is: 'line', line }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      return bad(mapping.columns[error.field] ?? error.field, error.problem)
    }
  }
}

/** Refuses a line of a workbook with a cell that cannot be read, where the mapping reads it. Other columns are nobody's. */
function readableCheck(positions: Positions) {
  return (unreadable: ReadonlyMap<number, string>): void => {
    for (const field of LINE_FIELDS) {
      const problem = unreadable.get(positions[field] ?? -1)
      if (problem !== undefined) throw new Unreadable(field, problem)
    }
  }
}

function shapeProblem(cells: readonly string[], header: readonly string[]): string | null {
  const shape = rowShape(cells, header)
  if (shape.is === 'fits') return null
  const problem = `has ${cells.length} cells where the header has ${header.length}`
  return shape.is === 'short' ? problem : `${problem}: column ${shape.column} has no heading`
}

/** Only the cells that the mapping reads: other columns may have names of people. */
function maskedText(cell: Cell): string {
  const cells = LINE_FIELDS.map((field) => {
    const text = cell(field).slice(0, 100)
    return field === 'phone_number'
      ? maskPhoneNumber(text)
      : field.endsWith('_id')
        ? text
        : maskNumbersIn(text)
  })
  // Postgres stores no NUL.
  return cells.join(' | ').replaceAll('\u0000', '�')
}
