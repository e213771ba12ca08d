import { type GoldWeight, parseGrams, parseRupiah, type Rupiah } from '../../domain/money.ts'
import type { Mapping } from './mapping.ts'

/** Reads a statement's numbers; null when a cell is none. */
export interface NumberReader {
  /** Whole rupiah: "441690", and with other signs "441.690" or "441.690,00". Never negative. */
  rupiah(cell: string): Rupiah | null
  /** Grams above zero with at most four decimals that count. */
  grams(cell: string): GoldWeight | null
}

/** A reader for the mapping's decimal and thousands signs. Thousands stand in groups of three or not at all. */
export function numberReader({ decimal, thousands }: Pick<Mapping, 'decimal' | 'thousands'>): NumberReader {
  const whole = thousands === '' ? '\\d{1,15}' : `\\d{1,15}|\\d{1,3}(?:${escaped(thousands)}\\d{3}){1,4}`
  const number = new RegExp(`^(${whole})(?:${escaped(decimal)}(\\d{1,8}))?$`)
  /** The digits before and after the decimal sign; trailing zeros say nothing. */
  const read = (cell: string): { whole: string; fraction: string } | null => {
    const match = number.exec(cell)
    if (match === null) return null
    const [, digits = '', fraction = ''] = match
    return {
      whole: thousands === '' ? digits : digits.replaceAll(thousands, ''),
      fraction: fraction.replace(/0+$/, ''),
    }
  }
  return {
    rupiah(cell) {
      const number = read(cell)
      return number === null || number.fraction !== '' ? null : parseRupiah(number.whole)
    },
    grams(cell) {
      const number = read(cell)
      if (number === null) return null
      const weight = parseGrams(number.fraction === '' ? number.whole : `${number.whole}.${number.fraction}`)
      return weight === 0 ? null : weight
    },
  }
}

function escaped(sign: string): string {
  return sign === '.' ? '\\.' : sign
}
