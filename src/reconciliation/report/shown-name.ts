import { maskPhoneNumbersIn } from '../../core/masking.ts'

/** A name that somebody gave, as a report shows it: on one line, and without the phone numbers that may be in it. */
export function shownName(name: string): string {
  return maskPhoneNumbersIn(name.replace(/\p{Cc}+/gu, ' ').trim())
}
