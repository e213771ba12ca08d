import { maskPhoneNumbersIn } from '../../core/masking.ts'

/** A name as a report shows it: on one line, with phone numbers masked. */
export function shownName(name: string): string {
  return maskPhoneNumbersIn(name.replace(/\p{Cc}+/gu, ' ').trim())
}
