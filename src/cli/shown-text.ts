import { maskPhoneNumbersIn } from '../core/masking.ts'

/**
 * What a person wrote, fit to be shown: no phone number is readable, and nothing in it can pass for another line or
 * steer the terminal.
 */
export function shownText(text: string): string {
  return maskPhoneNumbersIn(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}

export function shownTextOrNull(text: string | null): string | null {
  return text === null ? null : shownText(text)
}
