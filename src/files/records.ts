import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { PassThrough, type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { CsvError, type Parser, parse } from 'csv-parse'
import { FileRefused } from './failure.ts'

/** A record longer than this is no transaction but a quote that nobody closed, or a file that is no CSV. */
export const LONGEST_RECORD = 64 * 1024

/** Told of every stretch of the file that was read, in bytes as they lie in the file. */
export type OnBytes = (count: number) => void

/** One record and the line of the file it begins on; the header is line 1. */
export interface FileRecord {
  readonly cells: readonly string[]
  readonly lineNumber: number
}

/** How a file separates and spells its cells. */
export interface CsvShape {
  readonly delimiter: string
  readonly encoding: 'utf-8' | 'latin1' | 'utf-16le'
}

/** A file being read. */
export interface Records {
  /** All records, the header's first, as many at a time as were at hand. Empty lines are left out. */
  read(): AsyncGenerator<FileRecord[]>
  /** SHA-256 of the uncompressed bytes; known once everything was read. */
  contentHash(): string
}

/** Reads CSV, gzipped or not, in bounded memory however large the file or its lines are. */
export function readRecords(
  bytes: Readable,
  { delimiter, encoding }: CsvShape,
  onBytes: OnBytes = () => {},
): Records {
  const hash = createHash('sha256')
  const seen = { quote: false, anything: false }
  const parser = parse({
    bom: true,
    delimiter,
    encoding: encoding === 'utf-16le' ? 'utf16le' : encoding === 'latin1' ? 'latin1' : 'utf8',
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    max_record_size: LONGEST_RECORD,
  })
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      seen.anything ||= chunk.length > 0
      seen.quote ||= chunk.includes('"')
      done(null, chunk)
    },
  })
  return {
    async *read() {
      // The file's own trouble ends the parser, and is told from there.
      const fed = feed(bytes, watch, parser, onBytes).catch((error: unknown) => {
        // A file that fails before the first byte never reached the parser.
        parser.destroy(error as Error)
        return error
      })
      let line = 1
      try {
        for await (const batch of batchesOf(parser)) {
          const records: FileRecord[] = []
          for (const cells of batch) {
            if (cells.length > 1 || cells[0] !== '') records.push({ cells, lineNumber: line })
            // Only a quoted cell can hold a line break, and counting is dear.
            line += 1 + (seen.quote ? breaksIn(cells) : 0)
          }
          yield records
        }
      } catch (error) {
        throw refusal((await fed) ?? error)
      } finally {
        parser.destroy()
        bytes.destroy()
      }
      if (!seen.anything) throw new FileRefused('the file is empty')
    },
    contentHash: () => hash.digest('hex'),
  }
}

async function feed(bytes: Readable, watch: Transform, parser: Parser, onBytes: OnBytes): Promise<void> {
  const first = await firstChunk(bytes)
  const source = new PassThrough()
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      onBytes(chunk.length)
      done(null, chunk)
    },
  })
  if (first !== null) bytes.unshift(first)
  const isGzip = first?.[0] === 0x1f && first[1] === 0x8b
  await pipeline(bytes, count, isGzip ? createGunzip() : source, watch, parser)
}

/** The first bytes, which tell a gzipped file; null when there are none. */
async function firstChunk(bytes: Readable): Promise<Buffer | null> {
  for (;;) {
    const chunk: Buffer | null = bytes.read()
    if (chunk !== null) return chunk
    if (bytes.readableEnded || bytes.destroyed) return null
    await Promise.race([once(bytes, 'readable'), once(bytes, 'end')])
  }
}

/** What is there at once is read at once: an iterator that waits for each record takes half as long again. */
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

function breaksIn(cells: readonly string[]): number {
  let breaks = 0
  for (const cell of cells)
    for (let at = cell.indexOf('\n'); at !== -1; at = cell.indexOf('\n', at + 1)) breaks += 1
  return breaks
}

const CSV_PROBLEMS: Readonly<Record<string, string>> = {
  CSV_MAX_RECORD_SIZE: `is longer than ${LONGEST_RECORD / 1024} KiB: a quote that is not closed, or no CSV`,
  CSV_QUOTE_NOT_CLOSED: 'opens a quote that is never closed',
}
const OTHER_CSV_PROBLEM =
  'has a quote in the wrong place: a cell with quotes is quoted as a whole, and its quotes are doubled'

/** What went wrong with the file, as a person can mend it. After a quote gone wrong nobody knows where records begin. */
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
