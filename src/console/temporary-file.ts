import { randomUUID } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'

const PIECE_BYTES = 64 * 1024

/** A file that nobody else can open, and that disappears with the process. */
export async function openTemporaryFile(): Promise<FileHandle> {
  const path = join(tmpdir(), `goldpro-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  await unlink(path)
  return file
}

/** The file from its beginning; may be called again. A stream of the file itself would close it. */
export async function* piecesOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(PIECE_BYTES), 0, PIECE_BYTES, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** What `write` writes, complete before the first byte is read: a slow reader holds neither snapshot nor session. */
export async function spooled(
  write: (add: (text: string) => Promise<void>) => Promise<unknown>,
): Promise<Readable> {
  const file = await openTemporaryFile()
  try {
    await write(async (text) => {
      await file.appendFile(text)
    })
  } catch (error) {
    await file.close()
    throw error
  }
  const stream = Readable.from(piecesOf(file))
  stream.once('close', () => void file.close())
  return stream
}
