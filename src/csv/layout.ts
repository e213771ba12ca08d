import { FileRefused } from './file-refused.ts'
import { byteOrderMark, refuseForeignFormat, utf16Looks, withoutMark } from './formats.ts'

/** How a file separates and spells its cells. */
export interface CsvShape {
  readonly delimiter: string
  readonly encoding: 'utf-8' | 'latin1' | 'utf-16le'
}

/** What the beginning of a CSV file tells of the rest. */
export interface Layout {
  readonly lineBreaks: string[]
  /** The first line is Excel's `sep=;` and no row. */
  readonly hasSeparatorLine: boolean
}

/**
 * Looks at a CSV file's beginning.
 * @param what how the file is called in a refusal
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
      `the first line of ${what} says that ${JSON.stringify(separator)} separates its cells, and ${JSON.stringify(delimiter)} was expected: set the delimiter to ${JSON.stringify(separator)}`,
    )
  return {
    lineBreaks: endsLinesWithCr(text) ? ['\r\n', '\n', '\r'] : ['\r\n', '\n'],
    hasSeparatorLine: separator !== null,
  }
}

/** The delimiter that Excel's first line `sep=;` names; null without such a line. */
export function separatorIn(text: string): string | null {
  return /^"?sep=([^\r\n"])"?\s*?(?:\r|\n|$)/i.exec(text)?.[1] ?? null
}

/** A byte order mark is believed before what was declared. */
function readsAsUtf16(head: Buffer, declared: CsvShape['encoding'], what: string): boolean {
  const mark = byteOrderMark(head)
  const found = mark ?? utf16Looks(head)
  if (found === 'utf-16be')
    throw new FileRefused(`${what} is UTF-16 with the high byte first: save it as "CSV UTF-8"`)
  if (found === 'utf-16le' && mark === null && declared !== 'utf-16le')
    throw new FileRefused(
      `${what} is UTF-16, and ${declared} was expected: save it as "CSV UTF-8", or declare the encoding utf-16le`,
    )
  if (found !== 'utf-16le' && mark === null && declared === 'utf-16le')
    throw new FileRefused(`${what} is not UTF-16, as was declared: declare the encoding utf-8 or latin1`)
  return found === 'utf-16le'
}

/** Whether the first line ends with a carriage return alone. A quoted cell may hold any. */
function endsLinesWithCr(text: string): boolean {
  let isQuoted = false
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at]
    if (sign === '"') isQuoted = !isQuoted
    else if (!isQuoted && sign === '\n') return false
    // Two before a line feed are a file that was converted twice.
    else if (!isQuoted && sign === '\r') return text[at + 1] !== '\n' && text[at + 1] !== '\r'
  }
  return false
}
