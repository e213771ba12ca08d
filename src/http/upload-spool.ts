import { randomUUID } from 'node:crypto'
import { open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

/** A file without a name: nobody else opens it, and it is gone with its process. */
export interface Spool {
  readonly bytes: number
  write(data: Uint8Array): Promise<void>
  /** Reads it from its beginning, once; it closes when it was read. */
  read(): Readable
  /** Closes it, read or not. */
  close(): Promise<void>
}

/** Opens an empty one in the folder for temporary files. */
export async function openSpool(folder: string = tmpdir()): Promise<Spool> {
  const path = join(folder, `goldpro-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  await unlink(path)
  let bytes = 0
  let stream: Readable | null = null
  return {
    get bytes() {
      return bytes
    },
    async write(data) {
      await file.writeFile(data)
      bytes += data.length
    },
    read() {
      // In small pieces: between them the other requests have their turn.
      stream = file.createReadStream({ start: 0, highWaterMark: 8 * 1024 })
      return stream
    },
    async close() {
      // A file that is being read would never close.
      stream?.destroy()
      await file.close()
    },
  }
}
