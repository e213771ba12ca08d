import { DamagedWorkbook } from './archive.ts'
import { exactNumber } from './digits.ts'
import type { FormatKind } from './number-formats.ts'
import { serialDate } from './serial-dates.ts'
import type { SharedStrings } from './shared-strings.ts'

/** A cell as the sheet has it. */
export interface RawCell {
  /** The attribute `t`. */
  readonly type: string
  /** The style's number. */
  readonly style: number
  readonly hasFormula: boolean
  /** The text of `v`, or of an inline string. */
  readonly value: string
}

/** A cell as text; with a problem, its text is a mark that no field takes. */
export interface CellText {
  readonly text: string
  /** Completes the sentence "C17 …"; null when the text is the cell's value. */
  readonly problem: string | null
}

/** How texts are written. */
export interface CellStyle {
  /** The sign before decimals. */
  readonly decimal: '.' | ','
  /** Writes a date of the wall clock, in milliseconds as if it were UTC; null when it cannot be written so. */
  writeDate(ms: number): string | null
}

/** What the cells of a workbook refer to. */
export interface CellContext extends CellStyle {
  readonly styles: readonly FormatKind[]
  readonly strings: SharedStrings
  readonly from1904: boolean
}

const text = (value: string): CellText => ({ text: value, problem: null })
const unreadable = (mark: string, problem: string): CellText => ({ text: mark, problem })

/** Reads a cell. Numbers and dates are never computed in floating point. @throws FileRefused */
export function cellText(cell: RawCell, context: CellContext): CellText {
  const { type, value, hasFormula } = cell
  if (hasFormula)
    return unreadable(
      '(formula)',
      'has a formula: copy the table, and paste it as values into a new workbook',
    )
  // Of any type: a cell may have a type and no value.
  if (value === '') return text('')
  switch (type) {
    case 's':
      return sharedText(value, context.strings)
    case 'inlineStr':
    case 'str':
      return text(unescaped(value))
    case 'b':
      return unreadable('(boolean)', `is ${value === '0' ? 'FALSE' : 'TRUE'}, which no statement has`)
    case 'e':
      return unreadable(value, `is the error ${value}: correct it in the spreadsheet`)
    case 'd':
      return isoDate(value, context)
    case 'n':
      return numberText(value.trim(), cell.style, context)
    default:
      throw new DamagedWorkbook('a cell is of an unknown type')
  }
}

function sharedText(position: string, strings: SharedStrings): CellText {
  const found = /^\d{1,9}$/.test(position.trim()) ? strings.at(Number(position)) : null
  if (found === null) throw new DamagedWorkbook('a cell names a text that is not there')
  return text(unescaped(found))
}

/** What XML cannot have is written as `_x000D_`. */
function unescaped(written: string): string {
  if (!written.includes('_x')) return written
  return written.replace(/_x([0-9A-F]{4})_/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
}

function numberText(raw: string, style: number, context: CellContext): CellText {
  const kind = context.styles[style] ?? 'number'
  const number = exactNumber(raw)
  if (kind === 'date') return dateText(raw, context)
  if (number.is === 'unreadable') return unreadable('(number)', number.problem)
  switch (kind) {
    case 'number':
      return text(context.decimal === ',' ? number.text.replace('.', ',') : number.text)
    case 'percent':
      return unreadable('(percent)', 'is a percentage')
    case 'duration':
      return unreadable('(duration)', 'is a duration, not a time of the clock')
    case 'leading_zeros':
      return unreadable(
        '(number)',
        'is shown with zeros in front that the file does not have: export the column as text',
      )
  }
}

/** Days have more decimals than a spreadsheet shows of a number; they are rounded to a millisecond. */
function dateText(raw: string, context: CellContext): CellText {
  const days = /^\d{1,7}(\.\d{1,20})?$/.test(raw) ? raw : null
  const plain = days ?? plainDays(raw)
  const date = plain === null ? null : serialDate(plain, context.from1904)
  if (date === null) return unreadable('(date)', 'has the format of a date, and is none')
  return date.is === 'time_of_day' ? text(clockTime(date.ms)) : written(date.ms, context)
}

/** Days that are written with an exponent. */
function plainDays(raw: string): string | null {
  const number = exactNumber(raw)
  return number.is === 'number' && !number.text.startsWith('-') ? number.text : null
}

function written(ms: number, { writeDate }: CellContext): CellText {
  const date = writeDate(ms)
  return date === null
    ? unreadable('(date)', 'is a date without a zone, and the times of the mapping name one')
    : text(date)
}

const ISO = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?$/

function isoDate(value: string, context: CellContext): CellText {
  const ms = ISO.test(value) ? Date.parse(value.length > 10 ? `${value}Z` : value) : Number.NaN
  return Number.isNaN(ms) ? unreadable('(date)', 'is not a date') : written(ms, context)
}

/** A time of day: 12:52:06, with its milliseconds where it has some. */
function clockTime(ms: number): string {
  const time = new Date(ms).toISOString().slice('yyyy-MM-ddT'.length, -1)
  return time.replace(/\.000$/, '')
}
