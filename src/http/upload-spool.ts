import { randomUUID } from 'node:crypto'
import { open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

/** An unlinked temporary file: nobody else can open it, and it disappears with the process. */
export interface Spool {
  readonly bytes: number
  write(data: Uint8Array): Promise<void>
  /** Reads the file from its beginning, once. Reading closes it. */
  read(): Readable
  /** Closes the file, whether it was read or not. */
  close(): Promise<void>
}

/** Opens an empty spool in the folder for temporary files. */
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
      // Small pieces let other requests run between them.
      stream = file.createReadStream({ start: 0, highWaterMark: 8 * 1024 })
      return stream
    },
    async close() {
      // Closing a file that is being read would never return.
      stream?.destroy()
      await file.close()
    },
  }
}
