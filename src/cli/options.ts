import { InvalidArgumentError } from 'commander'
import { parsePeriod } from '../core/business-days.ts'
import { PHONE_NUMBER_EXPECTED, readPhoneNumber } from '../core/phone-number.ts'

/** Turns a parser into the parser of an option: null means wrong usage. */
export function parsedBy<T>(parse: (text: string) => T | null, expected: string): (text: string) => T {
  return (text) => {
    const value = parse(text)
    if (value === null) throw new InvalidArgumentError(`must be ${expected}`)
    return value
  }
}

/** Makes the parser of an argument that takes several, each parsed by itself and none of them twice. */
export function severalOf<T>(
  parse: (text: string) => T,
): (text: string, before?: readonly T[]) => readonly T[] {
  return (text, before = []) => [...new Set([...before, parse(text)])]
}

/** A phone number in its stored form. */
export const phoneNumberOption = parsedBy(readPhoneNumber, PHONE_NUMBER_EXPECTED.replace(/^must be /, ''))

/** The value of `--period`. */
export const periodOption = parsedBy(
  (text) => parsePeriod(text, new Date()),
  'a day such as 2026-02-09, days such as 2026-02-01..2026-02-28, or times such as 2026-02-09T08:00..2026-02-09T12:30',
)
