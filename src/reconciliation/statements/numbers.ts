import { type GoldWeight, MAX_GOLD_WEIGHT, parseGrams, parseRupiah, type Rupiah } from '../../core/money.ts'
import type { Mapping } from './mapping.ts'

/** The signs of numbers. */
export type Signs = Pick<Mapping, 'decimal' | 'thousands'>

/** Reads a statement's numbers; null when a cell is not a number. */
export interface NumberReader {
  /** Whole rupiah: "441690", and with other signs "441.690", "441.690,00" or "Rp 441.690,-". Never negative. */
  rupiah(cell: string): Rupiah | null
  /** Grams above zero with at most four decimals, trailing zeros aside: "0.5", "0,5000 gr". */
  grams(cell: string): GoldWeight | null
  /** A sum of rupiah of any size. */
  rupiahSum(cell: string): bigint | null
  /** A sum of grams of any size, in 0.0001 g. */
  gramsSum(cell: string): bigint | null
}

/** The digits before and after the decimal sign. `fraction` has no trailing zeros. */
interface Digits {
  readonly whole: string
  readonly fraction: string
  readonly written: string
}

/** A reader for the mapping's decimal and thousands signs. Thousands are in groups of three, or not separated. */
export function numberReader(signs: Signs): NumberReader {
  const digitsOf = digitsReader(signs)
  const rupiahOf = (cell: string): string | null => {
    const digits = digitsOf(cell) ?? digitsOf(withoutCurrency(cell, signs.decimal))
    return digits === null || digits.fraction !== '' || mayBeThousands(digits) ? null : digits.whole
  }
  const gramsOf = (cell: string) => digitsOf(cell) ?? digitsOf(withoutUnit(cell))
  return {
    rupiah(cell) {
      const plain = plainNumber(cell, null)
      if (plain !== null) return parseRupiah(plain)
      const whole = rupiahOf(cell)
      return whole === null ? null : parseRupiah(whole)
    },
    grams(cell) {
      const plain = plainNumber(cell, signs.decimal)
      if (plain !== null) return plain === 0 || plain > MAX_GOLD_WEIGHT ? null : (plain as GoldWeight)
      const digits = gramsOf(cell)
      if (digits === null) return null
      const weight = parseGrams(digits.fraction === '' ? digits.whole : `${digits.whole}.${digits.fraction}`)
      return weight === 0 ? null : weight
    },
    rupiahSum(cell) {
      const whole = rupiahOf(cell)
      return whole === null ? null : BigInt(whole)
    },
    gramsSum(cell) {
      const digits = gramsOf(cell)
      return digits === null || digits.fraction.length > 4
        ? null
        : BigInt(digits.whole + digits.fraction.padEnd(4, '0'))
    },
  }
}

const LONGEST_PLAIN = 12

/**
 * Reads what most cells are, digits without other signs, in a fraction of the time of an expression.
 * @param decimal the sign before at most four decimals, which are counted in; null: there are none
 * @returns null when the cell is anything else
 */
function plainNumber(cell: string, decimal: string | null): number | null {
  if (cell.length === 0 || cell.length > LONGEST_PLAIN) return null
  let value = 0
  let point = -1
  for (let at = 0; at < cell.length; at += 1) {
    const digit = cell.charCodeAt(at) - 48
    if (digit >= 0 && digit <= 9) value = value * 10 + digit
    else if (point === -1 && at > 0 && decimal !== null && cell[at] === decimal) point = at
    else return null
  }
  if (decimal === null) return value
  const decimals = point === -1 ? 0 : cell.length - point - 1
  return decimals > 4 || (point !== -1 && decimals === 0) ? null : value * 10 ** (4 - decimals)
}

function digitsReader({ decimal, thousands }: Signs): (cell: string) => Digits | null {
  const whole = thousands === '' ? '\\d{1,15}' : `\\d{1,15}|\\d{1,3}(?:${signPattern(thousands)}\\d{3}){1,4}`
  const number = new RegExp(`^(${whole})(?:${signPattern(decimal)}(\\d{1,8}))?$`)
  return (cell) => {
    const match = number.exec(cell)
    if (match === null) return null
    const [, digits = '', written = ''] = match
    return {
      whole: thousands === '' ? digits : digits.replace(/\D/g, ''),
      fraction: written.replace(/0+$/, ''),
      written,
    }
  }
}

/** "441.000" with a decimal point would be 441 rupiah; nobody writes three decimals of them. */
function mayBeThousands({ whole, written }: Digits): boolean {
  return written.length === 3 && whole.length <= 3 && !/^0/.test(whole)
}

function signPattern(sign: string): string {
  if (sign === ' ') return '[ \\u00a0\\u2009\\u202f]'
  return sign === '.' ? '\\.' : sign
}

/** "Rp 441.690,-", "IDR 441690", "441.690 rupiah" → the number; a dash after the decimal sign is no fraction. */
function withoutCurrency(cell: string, decimal: string): string {
  const number = cell
    .replace(/^(?:rp|idr)\.?\s*(?=\d)/i, '')
    .replace(/(?<=[\d-])\s*(?:rp\.?|idr|rupiah)$/i, '')
  return number.replace(decimal === ',' ? /(?<=\d),-{1,2}$/ : /(?<=\d)\.-{1,2}$/, '')
}

/** "0,5 gr" → the number. */
function withoutUnit(cell: string): string {
  return cell.replace(/(?<=\d)\s*(?:g|gr|gm|grams?)\.?$/i, '')
}

/** All signs, the plainest first. */
export const NUMBER_SIGNS: readonly Signs[] = [
  { decimal: '.', thousands: '' },
  { decimal: ',', thousands: '' },
  { decimal: ',', thousands: '.' },
  { decimal: '.', thousands: ',' },
  { decimal: ',', thousands: ' ' },
]

const NAMED_PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:(?:rp|idr)\.?\s*)?[-−–]\s*(?:(?:rp|idr)\.?\s*)?\d|\d[-−–]$|^\(.*\)$/i,
    'is negative: a reversal is not an order; if reversals have their own word, add it to ignored_kinds',
  ],
  [/\dE[+-]?\d/i, 'was rounded by a spreadsheet: export the column as text'],
  [/(?:\d|\)|\s)(?:cr|db|dr|k|d)\.?$/i, 'has a debit or credit mark: export the amounts without it'],
  [/\d\s*(?:kg|mg|oz|tola)\.?$/i, 'is not in grams'],
  [/^(?:us\$|s\$|[$€£¥]|(?!rp|idr)[a-z]{2,3}\s*\d)|[$€£¥]$|\d\s*(?:usd|sgd|eur|myr)$/i, 'is not in rupiah'],
]

/** Why a cell is not the expected number; null when no known reason applies. */
export function numberProblem(cell: string, signs: Signs, reads: 'rupiah' | 'grams'): string | null {
  const named = NAMED_PROBLEMS.find(([pattern]) => pattern.test(cell))
  if (named !== undefined) return named[1]
  const other = NUMBER_SIGNS.find((each) => numberReader(each)[reads](cell) !== null)
  if (other === undefined) return null
  const signsOf = ({ decimal, thousands }: Signs) =>
    `decimal ${JSON.stringify(decimal)} and thousands ${JSON.stringify(thousands)}`
  return `is a number with ${signsOf(other)}, and the mapping says ${signsOf(signs)}`
}
