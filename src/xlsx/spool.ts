import { randomUUID } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileRefused } from '../csv/file-refused.ts'
import { LIMITS } from './limits.ts'

/**
 * Writes a stream to an unlinked temporary file, because the directory of a zip archive is at its end. Nobody else can open the
 * file, and it disappears with the process.
 * @throws FileRefused when it is too large
 */
export async function spoolFile(
  bytes: AsyncIterable<Buffer>,
  onBytes: (count: number) => void,
): Promise<FileHandle> {
  const path = join(tmpdir(), `goldpro-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  try {
    await unlink(path)
    let size = 0
    for await (const chunk of bytes) {
      size += chunk.length
      if (size > LIMITS.packedBytes)
        throw new FileRefused(
          `the workbook has more than ${LIMITS.packedBytes / 1024 / 1024} MiB: split it, or save the sheet as "CSV UTF-8"`,
        )
      await file.writeFile(chunk)
      onBytes(chunk.length)
    }
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}
