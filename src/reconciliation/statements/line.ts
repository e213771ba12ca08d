import { ORDER_KINDS, type OrderKind } from '../../domain/command.ts'
import { maskNumbersIn, maskPhoneNumber, nationalPhoneNumber } from '../../domain/masking.ts'
import type { GoldWeight, Rupiah } from '../../domain/money.ts'
import type { Period } from '../scope.ts'
import { StatementRefused } from './failure.ts'
import { folded, LINE_FIELDS, type LineField, type Mapping } from './mapping.ts'
import { numberReader } from './numbers.ts'
import { timeSpanReader } from './time-span.ts'
import { timeReader } from './times.ts'

/** One executed transaction, as a statement tells it. */
export interface StatementLine {
  readonly lineNumber: number
  readonly sessionId: string | null
  readonly responseId: string | null
  readonly requestId: string | null
  readonly kind: OrderKind
  /** In its national form, 08…. */
  readonly phoneNumber: string
  readonly goldWeight: GoldWeight
  readonly amount: Rupiah
  /** Null: the statement does not tell. */
  readonly fee: Rupiah | null
  readonly executedAt: Date
  /** Exclusive end of the time it may have been executed in; null: the line tells the minute. */
  readonly executedTo: Date | null
}

/** A line that cannot be read: where, and what is wrong with it. Phone and KTP numbers are masked. */
export interface BadLine {
  readonly lineNumber: number
  /** The heading; null when the line as a whole is wrong. */
  readonly column: string | null
  readonly problem: string
  readonly maskedText: string
}

export type ReadLine =
  | { readonly is: 'line'; readonly line: StatementLine }
  /** Of a kind that the mapping says is no order. */
  | { readonly is: 'ignored' }
  | { readonly is: 'bad'; readonly bad: BadLine }

/** Reads the cells of one record. */
export type LineReader = (cells: readonly string[], lineNumber: number) => ReadLine

/** Before this nobody traded: a date of 1970 is a clock or a column gone wrong. */
const EARLIEST_MS = Date.UTC(2010, 0, 1)

class Unreadable extends Error {
  readonly field: LineField
  readonly problem: string

  constructor(field: LineField, problem: string) {
    super(problem)
    this.field = field
    this.problem = problem
  }
}

interface Bounds {
  /** The declared period; null when the lines are to tell it. */
  readonly period: Period | null
  readonly nowMs: number
}

/**
 * A reader for the lines under a header.
 * @throws StatementRefused when the header lacks a column of the mapping
 */
export function lineReader(mapping: Mapping, header: readonly string[], bounds: Bounds): LineReader {
  const positions = columnPositions(mapping, header)
  const columns = mapping.columns
  const read = fieldsReader(mapping, bounds)
  const cellsOf = (cells: readonly string[]) => (field: LineField) => {
    const position = positions[field]
    return position === undefined ? '' : (cells[position] ?? '').trim()
  }
  const bad = (
    cells: readonly string[],
    lineNumber: number,
    column: string | null,
    problem: string,
  ): ReadLine => ({
    is: 'bad',
    bad: { lineNumber, column, problem, maskedText: maskedText(cellsOf(cells)) },
  })
  return (cells, lineNumber) => {
    if (cells.length !== header.length)
      return bad(cells, lineNumber, null, `has ${cells.length} cells where the header has ${header.length}`)
    try {
      const line = read(cellsOf(cells), lineNumber)
      return line === null ? { is: 'ignored' } : { is: 'line', line }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      return bad(cells, lineNumber, columns[error.field] ?? error.field, error.problem)
    }
  }
}

/** Where each field stands in a record. */
function columnPositions(mapping: Mapping, header: readonly string[]): Partial<Record<LineField, number>> {
  const headings = header.map(folded)
  const positions: Partial<Record<LineField, number>> = {}
  for (const field of LINE_FIELDS) {
    const heading = mapping.columns[field]
    if (heading !== undefined) positions[field] = headings.indexOf(folded(heading))
  }
  const missing = LINE_FIELDS.filter((field) => positions[field] === -1).map(
    (field) => mapping.columns[field],
  )
  if (missing.length === 0) return positions
  const looksLike = [',', ';', '\t', '|'].find(
    (sign) => sign !== mapping.delimiter && header[0]?.includes(sign),
  )
  const hint =
    header.length === 1 && looksLike !== undefined
      ? `; the mapping's delimiter is ${JSON.stringify(mapping.delimiter)}, the file's looks like ${JSON.stringify(looksLike)}`
      : ''
  throw new StatementRefused(`the header has no column ${missing.join(', ')}${hint}`)
}

type Cell = (field: LineField) => string

/** Reads a line's fields; null for a line that is no order. */
function fieldsReader(mapping: Mapping, { period, nowMs }: Bounds) {
  const numbers = numberReader(mapping)
  const timeOf = timeReader(mapping)
  const spanOf = timeSpanReader(mapping)
  const kinds = new Map<string, OrderKind | null>()
  for (const kind of ORDER_KINDS) for (const word of mapping.kinds[kind] ?? []) kinds.set(folded(word), kind)
  for (const word of mapping.ignored_kinds) kinds.set(folded(word), null)

  const readTime = (cell: string): Pick<StatementLine, 'executedAt' | 'executedTo'> => {
    const ms = timeOf(cell)
    if (ms === null)
      throw new Unreadable('executed_at', `${shown(cell)} is no time as the mapping writes them`)
    if (ms < EARLIEST_MS || ms > nowMs + 86_400_000)
      throw new Unreadable('executed_at', `${shown(cell)} is no time a transaction can have had`)
    const span = spanOf(cell)
    const [from, to] = [period?.from.getTime() ?? ms, period?.to.getTime() ?? Number.POSITIVE_INFINITY]
    if (ms + (span ?? 0) < from || (span !== null && ms + span === from) || ms >= to)
      throw new Unreadable('executed_at', `${shown(cell)} is outside the statement's period`)
    // A line is of its statement's period, so a day that sticks out of it is cut.
    const end = span === null ? null : new Date(Math.min(ms + span, to))
    return { executedAt: new Date(Math.max(ms, from)), executedTo: end }
  }
  return (cell: Cell, lineNumber: number): StatementLine | null => {
    const kind = kinds.get(folded(cell('kind')))
    if (kind === undefined)
      throw new Unreadable('kind', `${shown(cell('kind'))} is no kind the mapping knows`)
    if (kind === null) return null
    return {
      lineNumber,
      sessionId: readId('session_id', cell),
      responseId: readId('response_id', cell),
      requestId: readId('request_id', cell),
      kind,
      phoneNumber: readPhoneNumber(cell('phone_number')),
      goldWeight: orBad('gold_weight', cell, numbers.grams, 'a weight in grams above 0'),
      amount: orBad('amount', cell, numbers.rupiah, 'an amount of whole rupiah'),
      fee: cell('fee') === '' ? null : orBad('fee', cell, numbers.rupiah, 'a fee of whole rupiah'),
      ...readTime(cell('executed_at')),
    }
  }
}

function orBad<T>(field: LineField, cell: Cell, read: (text: string) => T | null, expected: string): T {
  const value = read(cell(field))
  if (value === null)
    throw new Unreadable(field, `${shown(cell(field))} is not ${expected} as the mapping writes them`)
  return value
}

function readId(field: LineField, cell: Cell): string | null {
  const id = cell(field)
  if (id === '') return null
  // The plus is the spreadsheet's: hexadecimal ids may well read 9e67….
  if (/^\d([.,]\d+)?E\+\d{1,3}$/i.test(id))
    throw new Unreadable(field, `${shown(id)} was rounded by a spreadsheet: export the column as text`)
  if (!/^[!-~]{1,200}$/.test(id))
    throw new Unreadable(field, 'an id has at most 200 visible characters, without spaces')
  return id
}

function readPhoneNumber(cell: string): string {
  const digits = cell.replace(/[ -]/g, '')
  if (!/^\+?\d{9,15}$/.test(digits))
    throw new Unreadable('phone_number', 'no phone number such as 08… or 62…')
  return nationalPhoneNumber(digits)
}

/** A cell as a problem may quote it. */
function shown(cell: string): string {
  return JSON.stringify(masked(cell.length > 40 ? `${cell.slice(0, 40)}…` : cell))
}

function masked(text: string): string {
  return maskNumbersIn(text)
}

/** The cells that the mapping reads. Other columns may hold names. */
function maskedText(cell: Cell): string {
  const cells = LINE_FIELDS.map((field) => {
    const text = cell(field).slice(0, 100)
    return field === 'phone_number' ? maskPhoneNumber(text) : field.endsWith('_id') ? text : masked(text)
  })
  // Postgres stores no NUL.
  return cells.join(' | ').replaceAll('\u0000', '�')
}
