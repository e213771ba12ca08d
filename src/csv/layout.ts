import { FileRefused } from './file-refused.ts'
import { byteOrderMark, guessUtf16, refuseForeignFormat, withoutMark } from './formats.ts'

/** A longer record is not data: it is an unclosed quote, or the file is not CSV. */
export const LONGEST_RECORD = 64 * 1024

/** The delimiter and encoding that a file is expected to have. */
export interface CsvShape {
  readonly delimiter: string
  readonly encoding: 'utf-8' | 'latin1' | 'utf-16le'
}

/** What the beginning of a CSV file says about the rest. */
export interface Layout {
  readonly lineBreaks: string[]
  /** The first line is Excel's `sep=;` and not a row. */
  readonly hasSeparatorLine: boolean
}

/**
 * Examines the beginning of a CSV file.
 * @param what the name of the file in error messages
 * @throws FileRefused when it is empty, of another format or encoding, or names another delimiter
 */
export function layoutOf(head: Buffer, { delimiter, encoding }: CsvShape, what: string): Layout {
  if (withoutMark(head).length === 0) throw new FileRefused(`${what} is empty`)
  refuseForeignFormat(head, what)
  if (/^\s*\{\s*["}]/.test(withoutMark(head).toString('latin1', 0, 200)))
    throw new FileRefused(`${what} is JSON, not CSV: ask the sender for a CSV file`)
  const isUtf16 = readsAsUtf16(head, encoding, what)
  const text = withoutMark(head).toString(isUtf16 ? 'utf16le' : 'latin1')
  const separator = separatorIn(text)
  if (separator !== null && separator !== delimiter)
    throw new FileRefused(
      `the first line of ${what} says that ${JSON.stringify(separator)} separates its cells, but ${JSON.stringify(delimiter)} was expected: set the delimiter to ${JSON.stringify(separator)}`,
    )
  return {
    lineBreaks: endsLinesWithCr(text) ? ['\r\n', '\n', '\r'] : ['\r\n', '\n'],
    hasSeparatorLine: separator !== null,
  }
}

/** The delimiter that Excel's first line `sep=;` names; null when there is no such line. */
export function separatorIn(text: string): string | null {
  return /^"?sep=([^\r\n"])"?\s*?(?:\r|\n|$)/i.exec(text)?.[1] ?? null
}

/** A byte order mark takes precedence over the declared encoding. */
function readsAsUtf16(head: Buffer, declared: CsvShape['encoding'], what: string): boolean {
  const mark = byteOrderMark(head)
  const found = mark ?? guessUtf16(head)
  if (found === 'utf-16be') throw new FileRefused(`${what} is big-endian UTF-16: save it as "CSV UTF-8"`)
  if (found === 'utf-16le' && mark === null && declared !== 'utf-16le')
    throw new FileRefused(
      `${what} is UTF-16, but ${declared} was expected: save it as "CSV UTF-8", or declare the encoding utf-16le`,
    )
  if (found !== 'utf-16le' && mark === null && declared === 'utf-16le')
    throw new FileRefused(
      `${what} is not UTF-16, although that encoding was declared: declare utf-8 or latin1`,
    )
  return found === 'utf-16le'
}

/** Whether the first line ends with a single carriage return. Line breaks in quoted cells do not count. */
function endsLinesWithCr(text: string): boolean {
  let isQuoted = false
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at]
    if (sign === '"') isQuoted = !isQuoted
    else if (!isQuoted && sign === '\n') return false
    // Two carriage returns before a line feed come from converting a file twice.
    else if (!isQuoted && sign === '\r') return text[at + 1] !== '\n' && text[at + 1] !== '\r'
  }
  return false
}
