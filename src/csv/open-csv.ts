import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { csvRefusal } from './csv-refusal.ts'
import { byteOrderMark, withoutMark } from './formats.ts'
import { readHead } from './head.ts'
import { type CsvShape, type Layout, LONGEST_RECORD, layoutOf } from './layout.ts'
import type { PlainShape } from './plain-records.ts'

/** Called with the number of bytes of each chunk that was read from the file, before unpacking. */
export type OnBytes = (count: number) => void

export interface OpenCsv {
  readonly source: AsyncGenerator<Buffer>
  readonly layout: Layout
  /** How plain lines are split; null when the file can have none. */
  readonly plain: PlainShape | null
}

/** Opens CSV, gzipped or not. */
export async function openCsv(bytes: Readable, shape: CsvShape, onBytes: OnBytes): Promise<OpenCsv> {
  try {
    const given = await readHead(
      observed(bytes, (chunk) => onBytes(chunk.length)),
      2,
    )
    const isGzip = given.head[0] === 0x1f && given.head[1] === 0x8b
    const { head, all } = await readHead(isGzip ? unzipped(given.all) : given.all, LONGEST_RECORD)
    const layout = layoutOf(head, shape, isGzip ? 'the gzipped file' : 'the file')
    return { source: all, layout, plain: plainShapeOf(head, shape, layout) }
  } catch (error) {
    bytes.destroy()
    throw csvRefusal(error, { records: 0, lines: 0 })
  }
}

function plainShapeOf(
  head: Buffer,
  { delimiter, encoding }: CsvShape,
  { lineBreaks }: Layout,
): PlainShape | null {
  const mark = byteOrderMark(head)
  if (encoding === 'utf-16le' || lineBreaks.includes('\r')) return null
  if (mark !== null && (mark !== 'utf-8' || encoding !== 'utf-8')) return null
  return { delimiter, encoding, markLength: head.length - withoutMark(head).length }
}

async function* unzipped(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip()
  // An error of either ends the iteration below.
  pipeline(source, gunzip).catch(() => {})
  yield* gunzip
}

export async function* observed(
  chunks: AsyncIterable<Buffer>,
  observe: (chunk: Buffer) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    observe(chunk)
    yield chunk
  }
}
