import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Parser, parse } from 'csv-parse'
import { csvRefusal } from './csv-refusal.ts'
import { type CsvShape, type Layout, LONGEST_RECORD } from './layout.ts'
import { type OnBytes, observed, openCsv } from './open-csv.ts'
import { plainRecords } from './plain-records.ts'

/** One record and the line of the file on which it begins. The header is line 1. */
export interface FileRecord {
  readonly cells: readonly string[]
  readonly lineNumber: number
  /**
   * Cells of a workbook whose value is not what is written, such as a formula: their positions, and why. The text of such a
   * cell is only a mark.
   */
  readonly unreadable?: ReadonlyMap<number, string>
}

/** A file being read. */
export interface Records {
  /** All records including the header, in groups as they become available. Blank rows are left out. */
  read(): AsyncGenerator<FileRecord[]>
  /** The number of blank rows so far: rows that have only white space and separators. */
  blankRows(): number
  /** SHA-256 of the uncompressed bytes, and of a workbook's cells. Valid once everything was read. */
  contentHash(): string
}

/** Reads CSV, gzipped or not. Memory is bounded, whatever the size of the file and its lines. */
export function readRecords(bytes: Readable, shape: CsvShape, onBytes: OnBytes = () => {}): Records {
  const hash = createHash('sha256')
  const seen: Seen = { records: 0, line: 1, blankRows: 0 }
  return {
    async *read() {
      const { source, layout, plain } = await openCsv(bytes, shape, onBytes)
      const hashed = observed(source, (chunk) => hash.update(chunk))
      const take = recordTaker(layout, seen)
      let before = { records: 0, lines: 0 }
      try {
        let rest: Buffer | null = NOTHING
        if (plain !== null) {
          const batches = plainRecords(hashed, plain)
          let next = await batches.next()
          for (; next.done !== true; next = await batches.next()) yield take(next.value, false)
          rest = next.value
        }
        if (rest === null) return
        before = { records: seen.records, lines: seen.line - 1 }
        const parser = parserFor(shape, layout, plain === null)
        yield* parsedRecords(startingWith(rest, hashed), parser, take)
      } catch (error) {
        throw csvRefusal(error, before)
      } finally {
        bytes.destroy()
        hashed.return(undefined).catch(() => {})
      }
    },
    blankRows: () => seen.blankRows,
    contentHash: () => hash.digest('hex'),
  }
}

/** What was read so far. */
interface Seen {
  records: number
  /** The line on which the next record begins. */
  line: number
  blankRows: number
}

type TakeRecords = (batch: readonly string[][], mayHaveBreaks: boolean) => FileRecord[]

/** Numbers the records, counts them, and leaves out the blank ones and Excel's `sep=;`. */
function recordTaker({ lineBreaks, hasSeparatorLine }: Layout, seen: Seen): TakeRecords {
  const lineBreak = lineBreaks.includes('\r') ? '\r' : '\n'
  let isSeparatorLine = hasSeparatorLine
  return (batch, mayHaveBreaks) => {
    const records: FileRecord[] = []
    for (const cells of batch) {
      if (isSeparatorLine) isSeparatorLine = false
      else if (isBlank(cells)) seen.blankRows += 1
      else records.push({ cells, lineNumber: seen.line })
      // Only a quoted cell can have a line break. Counting costs time, so it is left out where there is no quote.
      seen.line += 1 + (mayHaveBreaks ? breaksIn(cells, lineBreak) : 0)
    }
    seen.records += batch.length
    return records
  }
}

/** Reads what is not plain. */
async function* parsedRecords(
  source: AsyncGenerator<Buffer>,
  parser: Parser,
  take: TakeRecords,
): AsyncGenerator<FileRecord[]> {
  let hasQuote = false
  const watched = observed(source, (chunk) => {
    hasQuote ||= chunk.includes('"')
  })
  // An error of the file ends the parser, and is thrown below.
  const fed = pipeline(watched, parser).catch((error: unknown) => {
    // An error before the first byte did not reach the parser.
    parser.destroy(error as Error)
    return error
  })
  try {
    for await (const batch of batchesOf(parser)) yield take(batch, hasQuote)
  } catch (error) {
    throw (await fed) ?? error
  } finally {
    parser.destroy()
  }
}

const NOTHING = Buffer.alloc(0)

async function* startingWith(first: Buffer, others: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first
  yield* others
}

function parserFor({ delimiter, encoding }: CsvShape, { lineBreaks }: Layout, bom: boolean): Parser {
  return parse({
    bom,
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
