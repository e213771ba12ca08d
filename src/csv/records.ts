import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { CsvError, type Parser, parse } from 'csv-parse'
import { FileRefused } from './file-refused.ts'
import { readHead } from './head.ts'
import { type CsvShape, type Layout, layoutOf } from './layout.ts'

/** A longer record is not data: it is an unclosed quote, or the file is not CSV. */
export const LONGEST_RECORD = 64 * 1024

/** Called with the number of bytes of each chunk that was read from the file, before unpacking. */
export type OnBytes = (count: number) => void

/** One record and the line of the file on which it begins. The header is line 1. */
export interface FileRecord {
  readonly cells: readonly string[]
  readonly lineNumber: number
}

/** A file being read. */
export interface Records {
  /** All records including the header, in groups as they become available. Blank rows are left out. */
  read(): AsyncGenerator<FileRecord[]>
  /** The number of blank rows so far: rows that have only white space and separators. */
  blankRows(): number
  /** SHA-256 of the uncompressed bytes. Valid once everything was read. */
  contentHash(): string
}

/** Reads CSV, gzipped or not. Memory is bounded, whatever the size of the file and its lines. */
export function readRecords(bytes: Readable, shape: CsvShape, onBytes: OnBytes = () => {}): Records {
  const hash = createHash('sha256')
  const seen = { quote: false, blankRows: 0 }
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      seen.quote ||= chunk.includes('"')
      done(null, chunk)
    },
  })
  return {
    async *read() {
      const { source, layout } = await openCsv(bytes, shape, onBytes)
      const parser = parserFor(shape, layout)
      // An error of the file ends the parser, and is thrown below.
      const fed = pipeline(source, watch, parser).catch((error: unknown) => {
        // An error before the first byte did not reach the parser.
        parser.destroy(error as Error)
        return error
      })
      const lineBreak = layout.lineBreaks.includes('\r') ? '\r' : '\n'
      let isSeparatorLine = layout.hasSeparatorLine
      let line = 1
      try {
        for await (const batch of batchesOf(parser)) {
          const records: FileRecord[] = []
          for (const cells of batch) {
            if (isSeparatorLine) isSeparatorLine = false
            else if (isBlank(cells)) seen.blankRows += 1
            else records.push({ cells, lineNumber: line })
            // Only a quoted cell can have a line break. Counting costs time, so it is left out where there is no quote.
            line += 1 + (seen.quote ? breaksIn(cells, lineBreak) : 0)
          }
          yield records
        }
      } catch (error) {
        throw refusal((await fed) ?? error)
      } finally {
        parser.destroy()
        bytes.destroy()
      }
    },
    blankRows: () => seen.blankRows,
    contentHash: () => hash.digest('hex'),
  }
}

interface OpenCsv {
  readonly source: AsyncGenerator<Buffer>
  readonly layout: Layout
}

async function openCsv(bytes: Readable, shape: CsvShape, onBytes: OnBytes): Promise<OpenCsv> {
  try {
    const given = await readHead(counted(bytes, onBytes), 2)
    const isGzip = given.head[0] === 0x1f && given.head[1] === 0x8b
    const { head, all } = await readHead(isGzip ? unzipped(given.all) : given.all, LONGEST_RECORD)
    const layout = layoutOf(head, shape, isGzip ? 'the gzipped file' : 'the file')
    return { source: all, layout }
  } catch (error) {
    bytes.destroy()
    throw refusal(error)
  }
}

async function* counted(bytes: Readable, onBytes: OnBytes): AsyncGenerator<Buffer> {
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    onBytes(chunk.length)
    yield chunk
  }
}

async function* unzipped(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip()
  // An error of either ends the iteration below.
  pipeline(source, gunzip).catch(() => {})
  yield* gunzip
}

function parserFor({ delimiter, encoding }: CsvShape, { lineBreaks }: Layout): Parser {
  return parse({
    bom: true,
    delimiter,
    encoding: encoding === 'utf-16le' ? 'utf16le' : encoding === 'latin1' ? 'latin1' : 'utf8',
    record_delimiter: lineBreaks,
    relax_column_count: true,
    max_record_size: LONGEST_RECORD,
  })
}

function isBlank(cells: readonly string[]): boolean {
  return cells.every((cell) => cell === '' || cell.trim() === '')
}

/** Reads all available records at once: an iterator that awaits each record takes 1.5 times as long. */
async function* batchesOf(parser: Parser): AsyncGenerator<string[][]> {
  const ended = once(parser, 'end').then(() => true)
  ended.catch(() => {})
  for (;;) {
    const batch: string[][] = []
    for (let cells: string[] | null = parser.read(); cells !== null; cells = parser.read()) batch.push(cells)
    if (batch.length > 0) yield batch
    else if (await Promise.race([ended, once(parser, 'readable').then(() => false)])) return
  }
}

/** The number of line breaks inside a record. */
function breaksIn(cells: readonly string[], sign: '\n' | '\r'): number {
  let breaks = 0
  for (const cell of cells)
    for (let at = cell.indexOf(sign); at !== -1; at = cell.indexOf(sign, at + 1)) breaks += 1
  return breaks
}

const CSV_PROBLEMS: Readonly<Record<string, string>> = {
  CSV_MAX_RECORD_SIZE: `is longer than ${LONGEST_RECORD / 1024} KiB: it has a quote that is not closed, or the file is not CSV`,
  CSV_QUOTE_NOT_CLOSED: 'opens a quote that is never closed',
}
const OTHER_CSV_PROBLEM =
  'has a quote in the wrong place: quote the whole cell, and double the quotes inside it'

/** The error in terms of the file. A wrong quote makes the position of later records unknown, so a record is named and not a row. */
function refusal(error: unknown): unknown {
  if (error instanceof CsvError) {
    const { records, lines } = error as CsvError & { records?: number; lines?: number }
    const where = `record ${(records ?? 0) + 1} (header included; read to line ${lines})`
    return new FileRefused(`${where} ${CSV_PROBLEMS[error.code] ?? OTHER_CSV_PROBLEM}`)
  }
  const code = (error as { code?: unknown }).code
  if (code === 'Z_BUF_ERROR' || code === 'Z_DATA_ERROR')
    return new FileRefused('the file is gzipped, but cut off or damaged')
  return error
}
