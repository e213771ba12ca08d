import type { Readable } from 'node:stream'
import type { SignatureCheck } from '../partners/http/authenticate-request.ts'
import { Problem } from './problems.ts'
import { openSpool, type Spool } from './upload-spool.ts'

/** Files on their way, from partners and to them. Each takes disk, and an upload a session of Postgres. */
export interface FilePlaces {
  /** Takes a place, and gives the way to give it back. @throws Problem when too many are taken */
  take(partner: string): () => void
}

const RETRY_AFTER_S = 5

/** Places for so many files at once, and so many of one partner: one that is slow must not keep the others out. */
export function createFilePlaces(most: number, mostOfOne: number): FilePlaces {
  const taken = new Map<string, number>()
  let all = 0
  return {
    take(partner) {
      const own = taken.get(partner) ?? 0
      if (own >= mostOfOne) throw new Problem('too_many_files', { retryAfterS: RETRY_AFTER_S })
      if (all >= most) throw new Problem('overloaded', { retryAfterS: RETRY_AFTER_S })
      taken.set(partner, own + 1)
      all += 1
      let isTaken = true
      return () => {
        if (!isTaken) return
        isTaken = false
        all -= 1
        const left = (taken.get(partner) ?? 1) - 1
        if (left === 0) taken.delete(partner)
        else taken.set(partner, left)
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
 * @param gone aborted at the end of the answer
 * @param withinMs how long its reader may take
 */
export async function fileOf(
  release: () => void,
  gone: AbortSignal,
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
  gone.addEventListener('abort', () => {
    clearTimeout(late)
    end()
  })
  if (gone.aborted) end()
  return { stream, bytes: spool.bytes }
}
