import { maskKtp, maskPhoneNumbersIn } from '../core/masking.ts'

const MAX_LENGTH = 300
/** Shorter values are no passwords, and would match everywhere. */
const MIN_HIDDEN_LENGTH = 6

/**
 * The beginning of a receiver's reply, safe to store and show: a reply may contain anything, including a customer's data.
 * Every long run of digits is masked. Control characters are removed; Postgres does not store NUL.
 * @param hidden values to mask wherever they appear
 */
export function cutReply(text: string, hidden: readonly string[]): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ').trim()
  const masked = maskPhoneNumbersIn(withoutHidden(plain, hidden))
    .replace(/whsec_[\w+/=-]*/g, 'whsec_(masked)')
    .replace(/\d{9,}/g, maskKtp)
  return [...masked].slice(0, MAX_LENGTH).join('')
}

function withoutHidden(text: string, hidden: readonly string[]): string {
  return hidden
    .filter((each) => each.length >= MIN_HIDDEN_LENGTH)
    .reduce((left, each) => left.replaceAll(each, '(masked)'), text)
}
