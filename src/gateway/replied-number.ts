/**
 * Phone numbers as replies print them: whole in any of their spellings, or masked. What is not a phone number at all
 * is nobody's.
 */

const WHOLE = /^(?:\+62|0062|62|0)?(8\d{7,11})$/
/** The document masks with x and changes the length: "08xxxxxxxx084", "08xxxxxxx70". */
const MASKED = /^(\+?\d*)[xX*•]{2,}(\d{2,})$/
const LENGTHS = { min: 8, max: 17 }

/** The digits after the country's code or the leading zero; null when the text is no whole phone number. */
function subscriberNumber(text: string): string | null {
  return WHOLE.exec(text.replace(/[\s().-]/g, ''))?.[1] ?? null
}

/**
 * Whether a number in a reply can be this wallet's: equal in any spelling, or masked and equal in what is shown.
 * @param phoneNumber the wallet's number, whole
 */
export function maskedNumberMatches(replied: string, phoneNumber: string): boolean {
  const wallet = subscriberNumber(phoneNumber)
  if (wallet === null) return false
  const compact = replied.replace(/[\s().-]/g, '')
  const [, head, tail] = MASKED.exec(compact) ?? []
  if (head === undefined || tail === undefined) return subscriberNumber(replied) === wallet
  if (compact.length < LENGTHS.min || compact.length > LENGTHS.max) return false
  const spellings = ['0', '62', '+62', '0062', ''].map((prefix) => prefix + wallet)
  return wallet.endsWith(tail) && spellings.some((spelling) => spelling.startsWith(head))
}

/** Digits, and what masks them, as long as a phone number's. */
const NUMBER_IN_TEXT = /\+?\d[\dxX*•\s.-]{5,}[\dxX*•]|[xX*•]{4,}\d{2,}/g

/**
 * Whether a text names another wallet than this one, as the document's "Budi Misal (08xxxxxxx70)" names one.
 * A text without a number names nobody.
 */
export function namesAnotherWallet(text: string, phoneNumber: string): boolean {
  return (text.match(NUMBER_IN_TEXT) ?? []).some((number) => !maskedNumberMatches(number, phoneNumber))
}
