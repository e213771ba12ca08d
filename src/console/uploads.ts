import { randomUUID } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { openTemporaryFile, piecesOf } from './temporary-file.ts'

/** A file that a person sent, kept for as long as they look at its preview. */
export interface UploadedFile {
  readonly uploadId: string
  readonly name: string
  readonly bytes: number
  /** Reads the file from its beginning; may be called again. */
  read(): Readable
}

/** Files that were sent to this process. Nothing of them survives it. */
export interface Uploads {
  /** Keeps a file. @throws UploadRefused when it is too large */
  keep(owner: string, name: string, body: Readable): Promise<UploadedFile>
  /** A file of this owner; null when it was sent to another process, or too long ago. */
  find(owner: string, uploadId: string): UploadedFile | null
  drop(uploadId: string): void
  close(): Promise<void>
}

/** A file that cannot be taken. Its message says what to do. */
export class UploadRefused extends Error {
  override name = 'UploadRefused'
}

/** Files kept at once, those of one person, and for how long. */
const MOST_FILES = 12
const MOST_OF_ONE = 3
const KEEP_MS = 20 * 60_000

interface Kept extends UploadedFile {
  readonly owner: string
  readonly file: FileHandle
  readonly timer: NodeJS.Timeout
}

/** @param limitBytes `HTTP_UPLOAD_LIMIT_MIB` */
export function createUploads(limitBytes: number): Uploads {
  const all = new Map<string, Kept>()
  const drop = (uploadId: string) => {
    const kept = all.get(uploadId)
    if (kept === undefined) return
    all.delete(uploadId)
    clearTimeout(kept.timer)
    void kept.file.close().catch(() => {})
  }
  const makeRoom = (owner: string) => {
    const own = [...all.values()].filter((kept) => kept.owner === owner)
    if (own.length >= MOST_OF_ONE) drop(own[0]?.uploadId ?? '')
    if (all.size >= MOST_FILES) drop([...all.keys()][0] ?? '')
  }
  return {
    async keep(owner, name, body) {
      const { file, bytes } = await spool(body, limitBytes)
      makeRoom(owner)
      const uploadId = randomUUID()
      const timer = setTimeout(() => drop(uploadId), KEEP_MS)
      timer.unref()
      const read = () => Readable.from(piecesOf(file))
      const kept: Kept = { uploadId, name, bytes, read, owner, file, timer }
      all.set(uploadId, kept)
      return kept
    },
    find(owner, uploadId) {
      const kept = all.get(uploadId)
      return kept?.owner === owner ? kept : null
    },
    drop,
    async close() {
      for (const uploadId of [...all.keys()]) drop(uploadId)
    },
  }
}

async function spool(body: Readable, limitBytes: number): Promise<{ file: FileHandle; bytes: number }> {
  const file = await openTemporaryFile()
  let bytes = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > limitBytes)
        throw new UploadRefused(`a file has at most ${Math.floor(limitBytes / 1024 / 1024)} MiB`)
      await file.writeFile(chunk)
    }
    return { file, bytes }
  } catch (error) {
    await file.close()
    throw error
  }
}
