import type { Mapping } from '../mapping.ts'
import { NUMBER_SIGNS, numberReader, type Signs } from '../numbers.ts'

/** The columns with numbers, each as a mapping with a decimal sign reads it. */
export interface NumberColumns {
  readonly rupiah: (decimal: Mapping['decimal']) => readonly string[]
  readonly grams: (decimal: Mapping['decimal']) => readonly string[]
}

/**
 * The signs with which every number can be read. Signs that give the same numbers are one.
 * @returns none: no signs read all of them; several: the numbers may be either
 */
export function possibleSigns({ rupiah, grams }: NumberColumns): readonly Signs[] {
  const found = new Map<string, Signs>()
  for (const signs of NUMBER_SIGNS) {
    const reader = numberReader(signs)
    const numbers = [
      ...rupiah(signs.decimal).map((cell) => reader.rupiah(cell)),
      ...grams(signs.decimal).map((cell) => reader.grams(cell)),
    ]
    if (numbers.includes(null)) continue
    const key = numbers.join(' ')
    if (!found.has(key)) found.set(key, signs)
  }
  return [...found.values()]
}
