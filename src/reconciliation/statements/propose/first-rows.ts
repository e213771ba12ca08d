import { isUtf8 } from 'node:buffer'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { FileRefused } from '../../../csv/file-refused.ts'
import { byteOrderMark, guessUtf16, refuseForeignFormat, withoutMark } from '../../../csv/formats.ts'
import { readHead } from '../../../csv/head.ts'
import { LONGEST_RECORD, separatorIn } from '../../../csv/layout.ts'
import { type FileRecord, readRecords } from '../../../csv/records.ts'
import { workbookRecords } from '../../../xlsx/workbook-records.ts'
import type { Mapping } from '../mapping.ts'
import { timeWriter } from '../written-times.ts'

/** The first rows of a file, and what they say of the fields that tell how it is written. */
export interface FirstRows {
  readonly delimiter: Mapping['delimiter'] | null
  readonly encoding: Mapping['encoding'] | null
  /** The rows as a mapping with this decimal sign reads them: a workbook's numbers are written with it. */
  rows(decimal: Mapping['decimal']): readonly FileRecord[]
}

/** As many rows as tell what a file is like. */
const MOST_ROWS = 500
const DELIMITERS = [',', ';', '\t', '|'] as const

/**
 * Reads the first rows of CSV, gzipped or not, or of a workbook.
 * @param open opens the file from its beginning
 * @throws FileRefused
 */
export async function readFirstRows(open: () => Readable, sheet: string | null): Promise<FirstRows> {
  const bytes = open()
  const { head, all } = await readHead(bytes as AsyncIterable<Buffer>, LONGEST_RECORD)
  if (head.subarray(0, 2).toString('latin1') === 'PK') {
    await all.return(undefined)
    return await workbookRows(open, sheet)
  }
  const isGzip = head[0] === 0x1f && head[1] === 0x8b
  const text = isGzip ? await unpackedHead(all) : head
  await all.return(undefined)
  bytes.destroy()
  refuseForeignFormat(text)
  if (withoutMark(text).length === 0) throw new FileRefused('the file is empty')
  const encoding = encodingOf(text)
  const { delimiter, rows } = await csvRows(wholeLines(text, encoding), encoding)
  return { delimiter, encoding, rows: () => rows }
}

async function unpackedHead(all: AsyncGenerator<Buffer>): Promise<Buffer> {
  try {
    const unzipped = Readable.from(all, { objectMode: false }).pipe(createGunzip())
    return (await readHead(unzipped as AsyncIterable<Buffer>, LONGEST_RECORD)).head
  } catch {
    throw new FileRefused('the file is gzipped, but cut off or damaged')
  }
}

function encodingOf(head: Buffer): Mapping['encoding'] {
  if (byteOrderMark(head)?.startsWith('utf-16') || guessUtf16(head) !== null) return 'utf-16le'
  // The last character may be cut off.
  return [0, 1, 2, 3].some((cut) => isUtf8(head.subarray(0, head.length - cut))) ? 'utf-8' : 'latin1'
}

/** Without the last line, which may be cut off. */
function wholeLines(head: Buffer, encoding: Mapping['encoding']): Buffer {
  if (head.length < LONGEST_RECORD) return head
  const end = head.lastIndexOf(encoding === 'utf-16le' ? '\n\0' : '\n', undefined, 'latin1')
  return end === -1 ? head : head.subarray(0, end + (encoding === 'utf-16le' ? 2 : 1))
}

/** The rows by the delimiter that gives the most cells; all rows of a table have about as many. */
async function csvRows(head: Buffer, encoding: Mapping['encoding']) {
  const text = withoutMark(head).toString(encoding === 'utf-16le' ? 'utf16le' : 'latin1')
  const named = DELIMITERS.find((sign) => sign === separatorIn(text))
  let best: { delimiter: Mapping['delimiter']; rows: FileRecord[]; cells: number } | null = null
  for (const delimiter of named === undefined ? DELIMITERS : [named]) {
    const rows = await recordsOf(head, delimiter, encoding)
    const widths = rows.map(({ cells }) => cells.length).sort((one, other) => one - other)
    const cells = widths[Math.floor(widths.length / 2)] ?? 0
    if (best === null || cells > best.cells) best = { delimiter, rows, cells }
  }
  if (best === null) throw new FileRefused('the file has no rows')
  return best
}

async function recordsOf(head: Buffer, delimiter: Mapping['delimiter'], encoding: Mapping['encoding']) {
  const rows: FileRecord[] = []
  try {
    for await (const some of readRecords(Readable.from([head]), { delimiter, encoding }).read())
      rows.push(...some)
  } catch (error) {
    // Also an open quote where the beginning ends: what was read before it counts.
    if (!(error instanceof FileRefused) || rows.length === 0) throw error
  }
  return rows.slice(0, MOST_ROWS)
}

async function workbookRows(open: () => Readable, sheet: string | null): Promise<FirstRows> {
  const read = async (decimal: Mapping['decimal']) => {
    const bytes = open()
    const { head, all } = await readHead(bytes as AsyncIterable<Buffer>, LONGEST_RECORD)
    const shape = { decimal, sheet, writeDate: timeWriter('iso') }
    const rows: FileRecord[] = []
    for await (const some of workbookRecords({ head, bytes: all }, shape, () => {}).read()) {
      rows.push(...some)
      if (rows.length >= MOST_ROWS) break
    }
    return rows.slice(0, MOST_ROWS)
  }
  const [point, comma] = [await read('.'), await read(',')]
  return { delimiter: null, encoding: null, rows: (decimal) => (decimal === ',' ? comma : point) }
}
