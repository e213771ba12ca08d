import { KTP_IN_TEXT, PHONE_NUMBER_IN_TEXT, withAsciiDigits } from './numbers-in-text.ts'
import { readPhoneNumber } from './phone-number.ts'

/** "081234500084" → "08xxxxxxx084", the way the gateway masks its own. */
export function maskPhoneNumber(phoneNumber: string): string {
  if (phoneNumber.length < 8) return 'x'.repeat(phoneNumber.length)
  return phoneNumber.slice(0, 2) + 'x'.repeat(phoneNumber.length - 5) + phoneNumber.slice(-3)
}

/** Masks a KTP number except its last two digits. */
export function maskKtp(ktp: string): string {
  return 'x'.repeat(Math.max(ktp.length - 2, 0)) + ktp.slice(-2)
}

/** Masks every phone number in a text, in any notation. Wallets are phone numbers, so none may be readable in a log. */
export function maskPhoneNumbersIn(text: string): string {
  return replaceIn(text, PHONE_NUMBER_IN_TEXT, (written) => {
    if (/^\+?[0-9]+$/.test(written)) return maskPhoneNumber(written)
    const digits = written.replace(/[^0-9+]/g, '')
    return maskPhoneNumber(readPhoneNumber(digits) ?? digits)
  })
}

/** Masks phone numbers and KTP numbers (any sixteen digits) in a text. */
export function maskNumbersIn(text: string): string {
  return maskPhoneNumbersIn(
    replaceIn(text, KTP_IN_TEXT, (written) => maskKtp(written.replace(/[^0-9]/g, ''))),
  )
}

/** Replaces numbers in digits of any script, and nothing else. */
function replaceIn(text: string, pattern: RegExp, masked: (written: string) => string): string {
  const searched = withAsciiDigits(text)
  if (searched === text) return text.replace(pattern, masked)
  let shown = ''
  let from = 0
  for (const match of searched.matchAll(pattern)) {
    shown += text.slice(from, match.index) + masked(match[0])
    from = match.index + match[0].length
  }
  return shown + text.slice(from)
}
