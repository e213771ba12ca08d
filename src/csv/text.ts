import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { FileRefused } from './file-refused.ts'
import { byteOrderMark, guessUtf16, refuseForeignFormat, withoutMark } from './formats.ts'
import { readHead } from './head.ts'
import { LONGEST_RECORD } from './layout.ts'
import type { OnBytes } from './open-csv.ts'

/** A file of UTF-8 text whose first line was read ahead. */
export interface TextFile {
  /** The text up to the first line break, at most as long as the longest record, without a byte order mark. */
  readonly firstLine: string
  /** The whole file. */
  readonly bytes: Readable
  /** SHA-256 of the bytes. Valid once everything was read. */
  fileHash(): string
}

const LINE_FEED = 0x0a

/**
 * Opens a file that must be UTF-8. Other bytes are refused when they are reached, because reading them as something else
 * would change people's names.
 * @throws FileRefused
 */
export async function openText(bytes: Readable, onBytes: OnBytes = () => {}): Promise<TextFile> {
  const hash = createHash('sha256')
  const chunks = observedChunks(bytes, (chunk) => {
    hash.update(chunk)
    onBytes(chunk.length)
  })
  const { head, all } = await readHead(chunks, LONGEST_RECORD)
  refuseForeignFormat(head)
  if (byteOrderMark(head)?.startsWith('utf-16') || guessUtf16(head) !== null)
    throw new FileRefused('the file is UTF-16, not UTF-8 text: save it as "CSV UTF-8"')
  const [firstLine = ''] = withoutMark(head)
    .toString('utf8', 0, LONGEST_RECORD)
    .split(/[\r\n]/, 1)
  return {
    firstLine: firstLine.trim(),
    bytes: Readable.from(checkedChunks(all), { objectMode: false }),
    fileHash: () => hash.digest('hex'),
  }
}

async function* observedChunks(bytes: Readable, observe: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    observe(chunk)
    yield chunk
  }
}

async function* checkedChunks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  for await (const chunk of chunks) {
    refuseUnlessText(chunk, line, () => decoder.decode(chunk, { stream: true }))
    line += countLines(chunk)
    yield chunk
  }
  refuseUnlessText(Buffer.alloc(0), line, () => decoder.decode())
}

function refuseUnlessText(chunk: Buffer, line: number, decode: () => string): void {
  const where =
    line === 1 && countLines(chunk) === 0 ? 'line 1' : `lines ${line} to ${line + countLines(chunk)}`
  if (chunk.includes(0))
    throw new FileRefused(
      `the file is not UTF-8 text (${where}): save it as "CSV UTF-8", not as UTF-16 or a workbook`,
    )
  try {
    decode()
  } catch {
    throw new FileRefused(`the file is not UTF-8 (${where}): save it as "CSV UTF-8"`)
  }
}

function countLines(chunk: Buffer): number {
  let lines = 0
  for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) lines += 1
  return lines
}
