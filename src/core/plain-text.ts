/**
 * Texts that identify something permanently: references and people's names. Two texts that look the same must be equal, so
 * they are NFC, have no invisible characters, no white space but the space, and none at their ends.
 */

type Range = readonly [from: number, to: number]

/**
 * Invisible characters, or characters that only change others: controls, every white space but the space, zero-width and
 * direction marks, variation selectors, fillers, tags, private use. Equal to `is_plain_text` in Postgres.
 */
export const INVISIBLE: readonly Range[] = [
  [0x00, 0x1f],
  [0x7f, 0xa0],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x600, 0x605],
  [0x61c, 0x61c],
  [0x6dd, 0x6dd],
  [0x70f, 0x70f],
  [0x890, 0x891],
  [0x8e2, 0x8e2],
  [0x115f, 0x1160],
  [0x1680, 0x1680],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x2000, 0x200f],
  [0x2028, 0x202f],
  [0x205f, 0x206f],
  [0x2800, 0x2800],
  [0x3000, 0x3000],
  [0x3164, 0x3164],
  [0xe000, 0xf8ff],
  [0xfdd0, 0xfdef],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffc],
  [0xfffe, 0xffff],
  [0x110bd, 0x110bd],
  [0x110cd, 0x110cd],
  [0x13430, 0x1343f],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0x10ffff],
]

/** Ranges as the inside of a character class of a regular expression with the flag `u`. */
export function classOf(ranges: readonly Range[]): string {
  return ranges.map(([from, to]) => `\\u{${from.toString(16)}}-\\u{${to.toString(16)}}`).join('')
}

const HAS_INVISIBLE = new RegExp(`[${classOf(INVISIBLE)}]`, 'u')
const ASCII = /^[ -~]+$/
const SURROUNDING = /^[ \t\r\n]+|[ \t\r\n]+$/g

/**
 * A text in its stored form: NFC, without surrounding white space. Null when nothing is left, when it is longer than `max`, or
 * when it has an invisible character.
 */
export function readPlainText(written: unknown, max: number): string | null {
  if (typeof written !== 'string' || written.length > max * MOST_SURROUNDED) return null
  const trimmed = written.replace(SURROUNDING, '')
  const text = ASCII.test(trimmed) ? trimmed : trimmed.normalize('NFC')
  if (text === '' || text.length > max || !text.isWellFormed() || HAS_INVISIBLE.test(text)) return null
  return text
}

/** A text longer than this many times its maximum is refused before it is trimmed. */
const MOST_SURROUNDED = 4

/** The rule for such a text, for error messages. It quotes no value. */
export const plainTextExpected = (max: number): string =>
  `must be a text of 1 to ${max} characters without control characters or others that nobody sees`

/** The longest reference of an order. */
export const MOST_REFERENCE_CHARACTERS = 128

/** A reference in its stored form, or null. Jobs, HTTP, JSON lines, CSV and searches all use this rule. */
export const readReference = (written: unknown): string | null =>
  readPlainText(written, MOST_REFERENCE_CHARACTERS)
