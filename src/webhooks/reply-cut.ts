import { maskKtp, maskPhoneNumbersIn } from '../core/masking.ts'

const MAX_LENGTH = 300
/** Shorter than this is no password, and would be found everywhere. */
const MIN_HIDDEN_LENGTH = 6

/**
 * The beginning of a receiver's reply, fit to be kept and shown: it may say anything, also what it knows of a customer.
 * Long digits are masked whatever they are; Postgres takes no NUL.
 * @param hidden what must not be seen in it, wherever it stands
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
