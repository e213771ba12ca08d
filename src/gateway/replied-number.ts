import { readPhoneNumber } from '../core/phone-number.ts'

/** Compares phone numbers in replies, which may be complete in any notation, or masked. */

/** The document masks with x and changes the length: "08xxxxxxxx084", "08xxxxxxx70". */
const MASKED = /^(\+?\d*)[xX*•]{2,}(\d{2,})$/
const LENGTHS = { min: 8, max: 17 }

/**
 * Whether a number in a reply can be this wallet's: equal in any notation, or masked and equal in the shown digits.
 * A text that is no phone number matches no wallet.
 * @param phoneNumber the complete number of the wallet
 */
export function maskedNumberMatches(replied: string, phoneNumber: string): boolean {
  const stored = readPhoneNumber(phoneNumber)
  if (stored === null) return false
  const compact = replied.replace(/[\s().-]/g, '')
  const [, head, tail] = MASKED.exec(compact) ?? []
  if (head === undefined || tail === undefined) return readPhoneNumber(replied) === stored
  if (compact.length < LENGTHS.min || compact.length > LENGTHS.max) return false
  const spellings = ['0', '62', '+62', '0062', ''].map((prefix) => prefix + stored.slice(1))
  return stored.endsWith(tail) && spellings.some((spelling) => spelling.startsWith(head))
}

/** A run of digits and mask characters as long as a phone number. */
const NUMBER_IN_TEXT = /\+?\d[\dxX*•\s.-]{5,}[\dxX*•]|[xX*•]{4,}\d{2,}/g

/**
 * Whether a text names another wallet than this one, as the document's "Budi Misal (08xxxxxxx70)" names one.
 * A text without a number names no wallet.
 */
export function namesAnotherWallet(text: string, phoneNumber: string): boolean {
  return (text.match(NUMBER_IN_TEXT) ?? []).some((number) => !maskedNumberMatches(number, phoneNumber))
}
