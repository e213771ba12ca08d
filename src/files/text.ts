import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { FileRefused } from './failure.ts'
import { LONGEST_RECORD, type OnBytes } from './records.ts'

/** A file of UTF-8 text whose beginning was looked at and can still be read. */
export interface TextFile {
  /** The text up to the first line break, or as far as the longest record goes; without a byte order mark. */
  readonly firstLine: string
  /** The whole file. */
  readonly bytes: Readable
  /** SHA-256 of the bytes; known once everything was read. */
  fileHash(): string
}

const LINE_FEED = 0x0a

/**
 * Opens a file that must be UTF-8. What is not is refused when it is reached: read wrongly, it would be somebody's name.
 * @throws FileRefused
 */
export async function openText(bytes: Readable, onBytes: OnBytes = () => {}): Promise<TextFile> {
  const hash = createHash('sha256')
  const chunks = checkedChunks(bytes, (chunk) => {
    hash.update(chunk)
    onBytes(chunk.length)
  })
  const head: Buffer[] = []
  let length = 0
  for (;;) {
    const next = await chunks.next()
    if (next.done === true) break
    head.push(next.value)
    length += next.value.length
    if (next.value.includes(LINE_FEED) || length > LONGEST_RECORD) break
  }
  const start = Buffer.concat(head)
  const end = start.indexOf(LINE_FEED)
  const firstLine = start.toString('utf8', 0, Math.min(end === -1 ? start.length : end, LONGEST_RECORD))
  async function* whole() {
    if (start.length > 0) yield start
    yield* chunks
  }
  return {
    firstLine: firstLine.replace(/^\uFEFF/, '').trim(),
    bytes: Readable.from(whole(), { objectMode: false }),
    fileHash: () => hash.digest('hex'),
  }
}

async function* checkedChunks(bytes: Readable, seen: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    seen(chunk)
    refuseUnlessText(chunk, line, () => decoder.decode(chunk, { stream: true }))
    line += countLines(chunk)
    yield chunk
  }
  refuseUnlessText(Buffer.alloc(0), line, () => decoder.decode())
}

function refuseUnlessText(chunk: Buffer, line: number, decode: () => string): void {
  const where =
    line === 1 && countLines(chunk) === 0 ? 'line 1' : `lines ${line} to ${line + countLines(chunk)}`
  if (line === 1 && chunk[0] === 0x1f && chunk[1] === 0x8b)
    throw new FileRefused('the file is gzipped: unpack it first')
  if (chunk.includes(0))
    throw new FileRefused(
      `the file is no UTF-8 text (${where}): save it as "CSV UTF-8", not as UTF-16 or a workbook`,
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
