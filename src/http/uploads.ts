import type { Readable } from 'node:stream'
import { createBulkhead } from './bulkhead.ts'
import type { SignatureCheck } from './caller.ts'
import { Problem } from './problems.ts'
import { openSpool, type Spool } from './upload-spool.ts'

/** Slots for files in transfer, in both directions. Each uses disk, and an upload a session of Postgres. */
export interface UploadSlots {
  /** Takes a slot and returns the function that releases it. @throws Problem when too many are taken */
  take(partner: string): () => void
}

const RETRY_AFTER_S = 5

/** Each partner has a share, so that a slow one cannot keep the others out. */
export function createUploadSlots(slots: number, slotsPerPartner: number): UploadSlots {
  const bulkhead = createBulkhead({ slots, slotsPerPartner })
  return {
    take(partner) {
      const taken = bulkhead.take(partner)
      switch (taken.is) {
        case 'taken':
          return taken.slot.release
        case 'share_used':
          throw new Problem('too_many_files', { retryAfterS: RETRY_AFTER_S })
        case 'full':
          throw new Problem('overloaded', { retryAfterS: RETRY_AFTER_S })
      }
    },
  }
}

/** A file that has arrived completely. */
export interface Upload {
  /** Its bytes; can be read once. */
  read(): Readable
}

/**
 * Receives a body into a temporary file, so that nothing waits for a slow sender. Calls `use` once the body is complete and
 * its signature is valid.
 * @throws Problem when the body is too large or cut off, or the signature is invalid
 */
export async function withUpload<T>(
  body: Readable,
  { limitBytes, signature }: { readonly limitBytes: number; readonly signature: SignatureCheck | null },
  use: (upload: Upload) => Promise<T>,
): Promise<T> {
  const spool = await openSpool()
  try {
    await receive(body, spool, limitBytes, signature)
    await signature?.finish()
    return await use({ read: spool.read })
  } finally {
    // The rest of a refused body is discarded, so that its sender can read the answer.
    body.resume()
    await spool.close()
  }
}

async function receive(
  body: Readable,
  spool: Spool,
  limitBytes: number,
  signature: SignatureCheck | null,
): Promise<void> {
  try {
    // Destroying the body would close the connection before the answer.
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (spool.bytes + chunk.length > limitBytes)
        throw new Problem('payload_too_large', { detail: `a file has at most ${limitBytes} bytes` })
      signature?.add(chunk)
      await spool.write(chunk)
    }
  } catch (error) {
    if (!body.destroyed || error instanceof Problem) throw error
    throw new Problem('malformed_request', { detail: 'the body was cut off' })
  }
}

/**
 * Writes an answer to a temporary file and returns the file's stream. The slot is released when the answer has ended or
 * failed.
 * @param signal aborted at the end of the answer
 * @param withinMs how long its reader may take
 */
export async function spoolAnswer(
  release: () => void,
  signal: AbortSignal,
  withinMs: number,
  write: (add: (text: string) => Promise<void>) => Promise<unknown>,
): Promise<{ readonly stream: Readable; readonly bytes: number }> {
  const spool = await openSpool().catch((error: unknown) => {
    release()
    throw error
  })
  const end = () => {
    release()
    void spool.close()
  }
  try {
    await write((text) => spool.write(Buffer.from(text)))
  } catch (error) {
    end()
    throw error
  }
  const stream = spool.read()
  // A reader of a few bytes a minute is never idle, so no other time-out ends it.
  const late = setTimeout(() => stream.destroy(new Error('not read in time')), withinMs)
  late.unref()
  signal.addEventListener('abort', () => {
    clearTimeout(late)
    end()
  })
  if (signal.aborted) end()
  return { stream, bytes: spool.bytes }
}
