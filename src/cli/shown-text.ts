import { maskPhoneNumbersIn } from '../core/masking.ts'

/** Text of a person, safe to print: phone numbers are masked, line breaks and control characters removed. */
export function shownText(text: string): string {
  return maskPhoneNumbersIn(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}

export function shownTextOrNull(text: string | null): string | null {
  return text === null ? null : shownText(text)
}
