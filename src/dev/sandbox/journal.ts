import {
  closeSync,
  constants,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { z } from 'zod'
import type { GoldWeight, Rupiah } from '../../core/money.ts'
import { ORDER_KINDS } from '../../orders/command.ts'

/**
 * What a sandbox must know after a restart: one JSON object per line, in the order of events. A line is written before its
 * reply is sent, so a restart knows everything that a client has seen.
 */

const rupiah = z
  .number()
  .int()
  .transform((value) => value as Rupiah)
const goldWeight = z
  .number()
  .int()
  .transform((value) => value as GoldWeight)
const kind = z.enum(ORDER_KINDS)

const wallet = z.object({ rupiah, goldWeight, premium: z.boolean() })

const quote = z.object({
  quoteId: z.string(),
  type: kind,
  by: z.enum(['grams', 'rupiah']),
  phoneNumber: z.string(),
  goldWeight,
  amount: rupiah,
  fee: rupiah,
  recipient: z.string().nullable(),
  priceVersion: z.number().int(),
})

const record = z.discriminatedUnion('is', [
  /** The first line. The seed decides prices and session_ids. */
  z.object({ is: z.literal('begun'), seed: z.number(), at: z.coerce.date() }),
  /** Ids up to this one may have been given. */
  z.object({ is: z.literal('ids'), upTo: z.number().int() }),
  z.object({ is: z.literal('wallet'), phoneNumber: z.string(), wallet }),
  z.object({ is: z.literal('address'), phoneNumber: z.string(), address: z.record(z.string(), z.string()) }),
  z.object({ is: z.literal('quote'), quote }),
  z.object({ is: z.literal('price'), version: z.number().int() }),
  z.object({ is: z.literal('executed'), quote, at: z.coerce.date() }),
])

/** One event in a sandbox. */
export type JournalRecord = z.infer<typeof record>

/** Stores the events of a sandbox. */
export interface Journal {
  readonly seed: number
  /** The time since which the ledger is complete. */
  readonly begunAt: Date
  /** The events of earlier starts. */
  readonly past: readonly JournalRecord[]
  /** @throws when the record cannot be written; nothing of it is stored then */
  append(record: JournalRecord): void
  close(): void
}

/** A journal that cannot be read or written; the message says what to do. */
export class JournalError extends Error {
  override name = 'JournalError'
}

/** Events that must survive a power failure; the others must survive the end of the process. */
const DURABLE: ReadonlySet<JournalRecord['is']> = new Set(['begun', 'ids', 'executed'])

/** The journal of a sandbox whose state ends with the process. */
export function inMemoryJournal(seed: number, now: Date): Journal {
  return { seed, begunAt: now, past: [], append() {}, close() {} }
}

/**
 * Opens or creates a journal file. Only its owner may read it, because addresses have KTP numbers. An incomplete last line
 * of a killed process is cut off: no reply was sent about it.
 * @param seed for a new file; an existing one keeps its own
 * @throws JournalError
 */
export function openJournal(file: string, seed: number, now: Date): Journal {
  const { fd, text } = openFile(file)
  try {
    const append = appendTo(fd, Buffer.byteLength(text), file)
    if (text === '') append({ is: 'begun', seed, at: now })
    const [begun = { is: 'begun', seed, at: now } as const, ...past] = parseLines(text, file)
    if (begun.is !== 'begun') throw unreadable(file, 1)
    return { seed: begun.seed, begunAt: begun.at, past, append, close: () => closeSync(fd) }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** The open file and its complete lines. */
function openFile(file: string): { fd: number; text: string } {
  try {
    const fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600)
    const text = readFileSync(fd, 'utf8')
    return { fd, text: text.slice(0, text.lastIndexOf('\n') + 1) }
  } catch (error) {
    throw new JournalError(`cannot open the sandbox's ledger ${file} (${codeOf(error)}): name another file`)
  }
}

/** Appends lines. The next line overwrites what a failed write left. */
function appendTo(fd: number, size: number, file: string): Journal['append'] {
  let end = size
  ftruncateSync(fd, end)
  return (next) => {
    const line = Buffer.from(`${JSON.stringify(next)}\n`)
    try {
      for (let done = 0; done < line.length; )
        done += writeSync(fd, line, done, line.length - done, end + done)
      if (DURABLE.has(next.is)) fdatasyncSync(fd)
      end += line.length
    } catch (error) {
      ftruncateSync(fd, end)
      throw new JournalError(
        `cannot write the sandbox's ledger ${file} (${codeOf(error)}): free some disk space`,
      )
    }
  }
}

function parseLines(text: string, file: string): JournalRecord[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, index) => {
      try {
        return record.parse(JSON.parse(line))
      } catch {
        throw unreadable(file, index + 1)
      }
    })
}

const unreadable = (file: string, line: number) =>
  new JournalError(
    `line ${line} of the sandbox's ledger ${file} cannot be read: move the file away to begin with an empty ledger`,
  )

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'unknown'
