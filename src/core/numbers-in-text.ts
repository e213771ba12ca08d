/**
 * Patterns of phone and KTP numbers in a text, in every notation that `readPhoneNumber` reads and in obfuscated ones. They
 * prefer false positives to misses, but ids, dates and amounts must stay readable.
 */

/** Separators between two digits. */
const GAP = String.raw`[\t\p{Zs}\p{Pd}\p{Cf}().]{0,4}`
const digits = (least: number, most: number) => `(?:${GAP}[0-9]){${least},${most}}`

/** Not inside a word, nor in the middle of an id with dashes. */
const BEGINS = String.raw`(?<![\p{L}\p{N}_-])`
const ENDS = String.raw`(?!\p{Cf}?[\p{L}\p{N}_]|-[\p{L}\p{N}])`
/** "08-12-2026 10:30" */
const NO_TIME = '(?![0-9]{2}[-. ][0-9]{2}[-. ][0-9]{4}[ ,]{1,2}[0-9]{2}[.:])'
/** Excludes numbers and ids in JSON: without a leading zero or 62 only the field's name tells what they are. */
const NO_JSON_ID = String.raw`(?<!"\s?:\s?)(?<![iI]d\\?"\s?:\s?\\?")`
const NO_PART_OF_AMOUNT = '(?<![.,+])'

const COMPACT = String.raw`(?<![0-9])(?:\+?(?:00)?620?|0)8[0-9]{7,12}(?![0-9])`
const PREFIX = `(?:(?:[+]|0${GAP}0${GAP})?6${GAP}2(?:${GAP}0)?|0)`
const SPELLED = `${BEGINS}${NO_TIME}${PREFIX}${GAP}8${digits(7, 12)}${ENDS}`
const WITHOUT_ZERO = String.raw`${BEGINS}${NO_PART_OF_AMOUNT}${NO_JSON_ID}8(?:[\p{Zs}\p{Pd}\p{Cf}]{0,4}[0-9]){8,11}${ENDS}(?![.,][0-9])`

/** A phone number in a text whose digits are ASCII. */
export const PHONE_NUMBER_IN_TEXT = new RegExp(`${COMPACT}|${SPELLED}|${WITHOUT_ZERO}`, 'gu')

const KTP_GROUPS = [[16], [4, 4, 4, 4], [6, 6, 4], [2, 2, 2, 6, 4]].map((groups) =>
  groups
    .map((size) => String.raw`[0-9](?:\p{Cf}*[0-9]){${size - 1}}`)
    .join(String.raw`[\p{Zs}\p{Pd}\p{Cf}.]`),
)

/** Sixteen digits in a text whose digits are ASCII. */
export const KTP_IN_TEXT = new RegExp(`(?<![0-9]|[0-9]-)(?:${KTP_GROUPS.join('|')})(?![0-9]|-[0-9])`, 'gu')

/** Replaces digits of every script by ASCII digits; positions in the text stay the same. */
export function withAsciiDigits(text: string): string {
  return NON_ASCII.test(text) ? text.replace(OTHER_DIGIT, asciiDigit) : text
}

const NON_ASCII = /[^\0-\x7f]/
const OTHER_DIGIT = /(?![0-9])\p{Nd}/gu

function asciiDigit(digit: string): string {
  const ascii = /^[0-9]$/.test(digit.normalize('NFKC')) ? digit.normalize('NFKC') : String(digitValue(digit))
  // A digit of two UTF-16 units is padded with a joiner.
  return ascii.padEnd(digit.length, '\u200d')
}

/** The ten digits of a script are consecutive, from a code point that ends with 0 or 6. */
function digitValue(digit: string): number {
  const code = digit.codePointAt(0) ?? 0
  const place = code % 16
  return place < 10 && /\p{Nd}/u.test(String.fromCodePoint(code - place)) ? place : place - 6
}
