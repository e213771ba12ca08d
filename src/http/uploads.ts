import type { Readable } from 'node:stream'
import { createBulkhead } from './bulkhead.ts'
import type { SignatureCheck } from './caller.ts'
import { Problem } from './problems.ts'
import { openSpool, type Spool } from './upload-spool.ts'

/** Slots for files on their way, from partners and to them. Each takes disk, and an upload a session of Postgres. */
export interface UploadSlots {
  /** Takes a slot, and returns the function that gives it back. @throws Problem when too many are taken */
  take(partner: string): () => void
}

const RETRY_AFTER_S = 5

/** A partner that is slow must not keep the others out, so each has a share. */
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

/** A file that came whole. */
export interface Upload {
  /** Its bytes, once. */
  read(): Readable
}

/**
 * Receives a body into a file, so that however slowly it comes nothing waits for it, and uses it once it is there and its
 * signature is good.
 * @throws Problem when it is too large or cut off, or its signature is not good
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
    // What still comes of a refused body is thrown away, so that its sender hears why.
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
    // Destroying the body would end the connection before the answer.
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
 * Writes a file that is sent once it is whole. Its place is given back when the answer has ended, however it did.
 * @param signal aborted at the end of the answer
 * @param withinMs how long its reader may take
 */
export async function fileOf(
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
  // A reader that takes a few bytes a minute is never silent: its place is needed.
  const late = setTimeout(() => stream.destroy(new Error('not read in time')), withinMs)
  late.unref()
  signal.addEventListener('abort', () => {
    clearTimeout(late)
    end()
  })
  if (signal.aborted) end()
  return { stream, bytes: spool.bytes }
}
