/**
 * A wallet is a phone number. It has one stored form: 08… without separators. People and programs write it in many ways; code
 * that compares, counts or finds wallets uses the stored form only.
 */

/** The rule for phone numbers from outside, for error messages. It quotes no value. */
export const PHONE_NUMBER_EXPECTED =
  'must be an Indonesian mobile number as a text, such as 081234567890 (0…, 62…, +62…, 0062… or without its zero, 9 to 13 digits from the 0 on; spaces and dashes may stand between digits)'

/** The stored form. Equal to `is_phone_number` in Postgres. */
export const STORED_PHONE_NUMBER = /^08[0-9]{7,11}$/

const MOST_CHARACTERS = 40
const WRITTEN = /^\(?\+?[0-9][0-9 ().-]*[0-9]$/
const IN_PARENTHESES = /\(\+?[0-9]{1,5}\)/g
/** Refuses a spreadsheet's "81234500001.0", whose last zero is not part of the number. */
const MISPLACED_DOT = /\.(?![0-9]{3,5}(?![0-9]))|[0-9]{6}\./
const LONG_GAP = /[ .-]{4}/
/** "081234500001-2" means two numbers that follow one another. */
const LONE_LAST_DIGIT = /[^0-9][0-9]$/
const WITH_PREFIX = /^(?:(?:\+|00)?620?|0)(8[0-9]{7,11})$/
const WITHOUT_ZERO = /^(8[0-9]{8,11})$/

/**
 * Reads a phone number into its stored form: 08…, 628…, +628…, 00628…, with a superfluous zero after the 62, with spaces,
 * dashes, dots or parentheses as people write them, or without its leading zero. Null for everything else, digits of
 * other scripts included.
 */
export function readPhoneNumber(written: unknown): string | null {
  if (typeof written !== 'string' || written.length > MOST_CHARACTERS) return null
  if (STORED_PHONE_NUMBER.test(written)) return written
  const text = written.replace(/^ +| +$/g, '')
  if (!isGroupedAsPeopleDo(text)) return null
  const digits = text.replace(/[ ().-]/g, '')
  // With dots and without a prefix it could be an amount.
  const match = WITH_PREFIX.exec(digits) ?? (text.includes('.') ? null : WITHOUT_ZERO.exec(digits))
  return match === null ? null : `0${match[1]}`
}

function isGroupedAsPeopleDo(text: string): boolean {
  if (!WRITTEN.test(text) || /[()]/.test(text.replace(IN_PARENTHESES, ''))) return false
  return !MISPLACED_DOT.test(text) && !LONG_GAP.test(text) && !LONE_LAST_DIGIT.test(text)
}
