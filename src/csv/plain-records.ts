import { isAscii, isUtf8 } from 'node:buffer'

/** The file that is split. */
export interface PlainShape {
  readonly delimiter: string
  readonly encoding: 'utf-8' | 'latin1'
  /** The bytes of a byte order mark before the first record. */
  readonly markLength: number
}

const LINE_FEED = 0x0a
/** Far below the longest record in every encoding. */
const LONGEST_PLAIN_LINE = 16 * 1024

/**
 * Splits a file into records line by line, as long as its lines are plain: each is one record, whose quotes, if any,
 * enclose whole cells. It yields exactly what csv-parse yields for them, in a fifth of its time.
 * @returns the bytes it has read and not yielded, which begin with a record; null when the file ended
 */
export async function* plainRecords(
  source: AsyncGenerator<Buffer>,
  { delimiter, encoding, markLength }: PlainShape,
): AsyncGenerator<string[][], Buffer | null> {
  let rest: Buffer = Buffer.alloc(0)
  let unread = markLength
  for (let next = await source.next(); next.done !== true; next = await source.next()) {
    const chunk = unread === 0 ? next.value : next.value.subarray(unread)
    unread = 0
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const end = bytes.lastIndexOf(LINE_FEED) + 1
    const text = decoded(bytes.subarray(0, end), encoding)
    if (text === null) return bytes
    const { records, taken } = split(text, delimiter)
    if (records.length > 0) yield records
    // In UTF-8 the characters before a place say how many bytes are.
    if (taken < text.length) return bytes.subarray(byteLength(text.slice(0, taken), encoding))
    rest = bytes.subarray(end)
    if (rest.length > LONGEST_PLAIN_LINE) return rest
  }
  return rest.length === 0 ? null : rest
}

/** The text of whole lines; null when the bytes are not of the encoding. */
function decoded(bytes: Buffer, encoding: PlainShape['encoding']): string | null {
  if (encoding === 'latin1' || isAscii(bytes)) return bytes.toString('latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : null
}

function byteLength(text: string, encoding: PlainShape['encoding']): number {
  return encoding === 'latin1' ? text.length : Buffer.byteLength(text)
}

/** Splits text up to its first line that is not plain. */
function split(text: string, delimiter: string): { records: string[][]; taken: number } {
  const records: string[][] = []
  const hasQuotes = text.includes('"')
  const hasReturns = text.includes('\r')
  let taken = 0
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', taken)) {
    const lineEnd = hasReturns && end > taken && text[end - 1] === '\r' ? end - 1 : end
    const line = text.slice(taken, lineEnd)
    if (line.length > LONGEST_PLAIN_LINE || (hasReturns && line.includes('\r'))) break
    const cells = hasQuotes && line.includes('"') ? splitQuoted(line, delimiter) : line.split(delimiter)
    if (cells === null) break
    records.push(cells)
    taken = end + 1
  }
  return { records, taken }
}

/** The cells of a line whose quotes enclose whole cells; null when they do not. */
function splitQuoted(line: string, delimiter: string): string[] | null {
  const cells: string[] = []
  for (let at = 0; ; at += 1) {
    const isQuoted = line[at] === '"'
    const end = isQuoted ? closingQuote(line, at) + 1 : cellEnd(line, at, delimiter)
    if (end === 0) return null
    const cell = isQuoted ? line.slice(at + 1, end - 1).replaceAll('""', '"') : line.slice(at, end)
    if (!isQuoted && cell.includes('"')) return null
    cells.push(cell)
    if (end === line.length) return cells
    if (line[end] !== delimiter) return null
    at = end
  }
}

function cellEnd(line: string, from: number, delimiter: string): number {
  const end = line.indexOf(delimiter, from)
  return end === -1 ? line.length : end
}

/** The position of the quote that ends the cell; -1 when it is not in this line. Two quotes are one within the cell. */
function closingQuote(line: string, opening: number): number {
  for (let at = line.indexOf('"', opening + 1); at !== -1; at = line.indexOf('"', at + 2))
    if (line[at + 1] !== '"') return at
  return -1
}
