import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { Presets, SingleBar } from 'cli-progress'
import { errorCode, Failure } from './failure.ts'

/** A file given to a command. */
export interface GivenFile {
  readonly bytes: Readable
  /** Null: standard input, whose size is unknown. */
  readonly size: number | null
  /** As it is shown to people. */
  readonly name: string
}

/** Opens a file, or standard input for `-`. */
export async function openFile(file: string): Promise<GivenFile> {
  if (file === '-') return { bytes: process.stdin, size: null, name: 'standard input' }
  try {
    const about = await stat(file)
    if (about.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' })
    const bytes = createReadStream(file)
    await new Promise((resolve, reject) => bytes.once('open', resolve).once('error', reject))
    return { bytes, size: about.size, name: basename(file) }
  } catch (error) {
    throw new Failure(2, `cannot read ${file} (${errorCode(error)})`)
  }
}

/** Shows how much of the file was read, on a terminal only. */
export function readingBar(label: string, { size }: GivenFile) {
  if (size === null || !process.stderr.isTTY) return { read: () => {}, stop: () => {} }
  const bar = new SingleBar(
    { format: `${label} {bar} {percentage} %, {eta} s left`, stream: process.stderr, hideCursor: true },
    Presets.shades_classic,
  )
  bar.start(size, 0)
  return { read: (count: number) => bar.increment(count), stop: () => bar.stop() }
}
