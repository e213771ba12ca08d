import type { Period } from '../../core/business-days.ts'
import { maskNumbersIn } from '../../core/masking.ts'
import type { GoldWeight, Rupiah } from '../../core/money.ts'
import { readPhoneNumber } from '../../core/phone-number.ts'
import type { OrderKind } from '../../orders/command.ts'
import { kindReader } from './kinds.ts'
import type { LineField, Mapping } from './mapping.ts'
import { type NumberReader, numberProblem, numberReader } from './numbers.ts'
import { timeSpanReader } from './time-span.ts'
import { timeReader } from './times.ts'

/** One executed transaction of a statement. */
export interface StatementLine {
  readonly lineNumber: number
  readonly sessionId: string | null
  readonly responseId: string | null
  readonly requestId: string | null
  readonly kind: OrderKind
  /** The national form, 08…. */
  readonly phoneNumber: string
  readonly goldWeight: GoldWeight
  readonly amount: Rupiah
  /** Null: the statement does not say. */
  readonly fee: Rupiah | null
  readonly executedAt: Date
  /** Exclusive end of the time it may have been executed in; null when the line has a time of day. */
  readonly executedTo: Date | null
}

/** The times that a line may have. */
export interface LineBounds {
  /** The declared period; null when it is taken from the lines. */
  readonly period: Period | null
  readonly nowMs: number
}

/** An earlier date, such as one of 1970, is a wrong clock or a wrong column. */
const EARLIEST_MS = Date.UTC(2010, 0, 1)

/** A field that cannot be read, and why. */
export class Unreadable extends Error {
  readonly field: LineField
  readonly problem: string

  constructor(field: LineField, problem: string) {
    super(problem)
    this.field = field
    this.problem = problem
  }
}

/** The cell of a field, without surrounding space. */
export type Cell = (field: LineField) => string

/** Reads a line's fields; null for a line of an ignored kind. */
export function fieldsReader(mapping: Mapping, bounds: LineBounds) {
  const numbers = numberReader(mapping)
  const readTime = executionTimeReader(mapping, bounds)
  const kindOf = kindReader(mapping)

  const readNumber = <Reads extends 'rupiah' | 'grams'>(
    field: LineField,
    cell: Cell,
    reads: Reads,
    expected: string,
  ) => {
    const value = numbers[reads](cell(field))
    if (value !== null) return value as NonNullable<ReturnType<NumberReader[Reads]>>
    const why = numberProblem(cell(field), mapping, reads)
    throw new Unreadable(
      field,
      `${quoted(cell(field))} is not ${expected} as the mapping writes them${why === null ? '' : `: it ${why}`}`,
    )
  }
  return (cell: Cell, lineNumber: number): StatementLine | null => {
    const kind = kindOf(cell('kind'))
    if (kind === undefined)
      throw new Unreadable('kind', `${quoted(cell('kind'))} is not a kind of the mapping`)
    if (kind === null) return null
    return {
      lineNumber,
      sessionId: readId('session_id', cell),
      responseId: readId('response_id', cell),
      requestId: readId('request_id', cell),
      kind,
      phoneNumber: readWallet(cell('phone_number')),
      goldWeight: readNumber('gold_weight', cell, 'grams', 'a weight in grams above 0'),
      amount: readNumber('amount', cell, 'rupiah', 'an amount of whole rupiah'),
      fee: cell('fee') === '' ? null : readNumber('fee', cell, 'rupiah', 'a fee of whole rupiah'),
      ...readTime(cell('executed_at')),
    }
  }
}

/** A reader for the time of execution, which must be within the bounds. */
function executionTimeReader(mapping: Mapping, { period, nowMs }: LineBounds) {
  const timeOf = timeReader(mapping)
  const spanOf = timeSpanReader(mapping)
  return (cell: string): Pick<StatementLine, 'executedAt' | 'executedTo'> => {
    const ms = timeOf(cell)
    if (ms === null)
      throw new Unreadable('executed_at', `${quoted(cell)} is not a time as the mapping writes them`)
    if (ms < EARLIEST_MS || ms > nowMs + 86_400_000)
      throw new Unreadable('executed_at', `${quoted(cell)} is not a time that a transaction can have`)
    const span = spanOf(cell, ms)
    const [from, to] = [period?.from.getTime() ?? ms, period?.to.getTime() ?? Number.POSITIVE_INFINITY]
    if (ms + (span ?? 0) < from || (span !== null && ms + span === from) || ms >= to)
      throw new Unreadable('executed_at', `${quoted(cell)} is outside the statement's period`)
    // A line belongs to its statement's period, so a day that extends beyond it is cut.
    const end = span === null ? null : new Date(Math.min(ms + span, to))
    return { executedAt: new Date(Math.max(ms, from)), executedTo: end }
  }
}

/** Without a plus sign it was not rounded. */
const PLAIN_ID = /^[!-*,-~]{1,200}$/

function readId(field: LineField, cell: Cell): string | null {
  const id = cell(field)
  if (id === '') return null
  if (PLAIN_ID.test(id)) return id
  // Spreadsheets write the plus sign. A hexadecimal id may read 9e67….
  if (/^\d([.,]\d+)?E\+\d{1,3}$/i.test(id))
    throw new Unreadable(field, `${quoted(id)} was rounded by a spreadsheet: export the column as text`)
  if (!/^[!-~]{1,200}$/.test(id))
    throw new Unreadable(field, 'an id has at most 200 visible characters, without spaces')
  return id
}

/** In its stored form. A number that cannot be read would equal no wallet, and so suggest that an order is absent. */
function readWallet(cell: string): string {
  const phoneNumber = readPhoneNumber(cell)
  if (phoneNumber === null)
    throw new Unreadable(
      'phone_number',
      'not a phone number: expected an Indonesian mobile number such as 08…, 62… or 8…',
    )
  return phoneNumber
}

/** A cell as a problem quotes it. */
function quoted(cell: string): string {
  return JSON.stringify(maskNumbersIn(cell.length > 40 ? `${cell.slice(0, 40)}…` : cell))
}
