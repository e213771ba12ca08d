import { maskKtp, maskPhoneNumbersIn } from '../domain/masking.ts'

const MAX_LENGTH = 300

/**
 * The beginning of a receiver's reply, fit to be kept and shown: it may say anything, also what it knows of a customer.
 * Long digits are masked whatever they are; Postgres takes no NUL.
 */
export function cutReply(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ').trim()
  const masked = maskPhoneNumbersIn(plain)
    .replace(/whsec_[\w+/=-]*/g, 'whsec_(masked)')
    .replace(/\d{9,}/g, maskKtp)
  return [...masked].slice(0, MAX_LENGTH).join('')
}
