/**
 * Texts that name something for ever: references and people's names. Two that look alike are one, so whatever nobody
 * sees is no part of them: they are NFC, the space is their only white space, and none surrounds them.
 */

type Range = readonly [from: number, to: number]

/**
 * Characters that show nothing, or only act on others: controls, every white space but the space, zero-width and
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
 * A text in its one form: without surrounding white space, NFC. Null when nothing is left, when it is longer than `max`,
 * or when something in it cannot be seen.
 */
export function readPlainText(written: unknown, max: number): string | null {
  if (typeof written !== 'string' || written.length > max * MOST_SURROUNDED) return null
  const trimmed = written.replace(SURROUNDING, '')
  const text = ASCII.test(trimmed) ? trimmed : trimmed.normalize('NFC')
  if (text === '' || text.length > max || !text.isWellFormed() || HAS_INVISIBLE.test(text)) return null
  return text
}

/** Longer than this many times its maximum a text is refused unread. */
const MOST_SURROUNDED = 4

/** What such a text must be. For errors: it names no value. */
export const plainTextExpected = (max: number): string =>
  `must be a text of 1 to ${max} characters without control characters or others that nobody sees`

/** The longest reference of an order. */
export const MOST_REFERENCE_CHARACTERS = 128

/** A reference in its one form, or null: the one rule for jobs, HTTP, JSON lines, CSV and whoever looks for one. */
export const readReference = (written: unknown): string | null =>
  readPlainText(written, MOST_REFERENCE_CHARACTERS)
