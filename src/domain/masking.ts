/**
 * What people and logs may see of a person. Wallets are phone numbers, so a log line with one is a leak.
 */

/** A phone number wherever it stands in a text: 08…, 628… or +628…, 9 to 15 digits. */
const PHONE_NUMBER_IN_TEXT = /(?<!\d)(?:\+?62|0)8\d{7,12}(?!\d)/g

/** "081234500084" → "08xxxxxxx084", the way the gateway masks its own. */
export function maskPhoneNumber(phoneNumber: string): string {
  if (phoneNumber.length < 8) return 'x'.repeat(phoneNumber.length)
  return phoneNumber.slice(0, 2) + 'x'.repeat(phoneNumber.length - 5) + phoneNumber.slice(-3)
}

/** A KTP number keeps nothing but its last two digits. */
export function maskKtp(ktp: string): string {
  return 'x'.repeat(Math.max(ktp.length - 2, 0)) + ktp.slice(-2)
}

/** Masks every phone number inside a free text: a gateway's message, an error, a log line. */
export function maskPhoneNumbersIn(text: string): string {
  return text.replace(PHONE_NUMBER_IN_TEXT, maskPhoneNumber)
}

/** Masks phone numbers, and whatever has the sixteen digits of a KTP number, inside a free text. */
export function maskNumbersIn(text: string): string {
  return maskPhoneNumbersIn(text.replace(/(?<!\d)\d{16}(?!\d)/g, maskKtp))
}

/** One wallet can be written 08…, 628… or +628…; this is its one comparable form, 08…. */
export function nationalPhoneNumber(phoneNumber: string): string {
  return phoneNumber.replace(/^\+?62(?=8)/, '0')
}

/**
 * Whether a phone number in a reply can be the wallet's: equal, or masked with `x` or `*` and equal in what is shown.
 * The document's masked numbers differ in length from what they mask, so only head and tail are compared.
 */
export function isSamePhoneNumber(replied: string, phoneNumber: string): boolean {
  const national = nationalPhoneNumber(phoneNumber)
  const masked = /^(\+?\d*)[xX*]+(\d*)$/.exec(replied)
  if (!masked) return nationalPhoneNumber(replied) === national
  const [, head = '', tail = ''] = masked
  // A mask may cut a number of any spelling after its first digits.
  const spellings = [national, national.replace(/^0/, '62'), national.replace(/^0/, '+62')]
  return national.endsWith(tail) && spellings.some((spelling) => spelling.startsWith(head))
}
