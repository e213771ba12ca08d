import { Socket } from 'node:net'
import type pg from 'pg'
import { openClient } from './pinned-client.ts'
import { type Statement, StorageError } from './pool.ts'

/** One connection for set-based work that takes minutes: statements run one after the other. */
export interface Session {
  /** @throws StorageError */
  run<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>
  /** Runs the work in a transaction: committed when it returns, rolled back when it throws. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>
  /** The connection itself, for COPY. */
  readonly client: pg.Client
}

/** The name of sessions in pg_stat_activity. */
export const SESSION_NAME = 'goldpro session'

/** A statement without a reply for this long fails, and its session is closed: the server may be lost. */
const REPLY_WITHIN_MS = 15 * 60_000

/** How long a server may take to close a finished session. */
const CLOSE_WITHIN_MS = 5_000

// Then TCP keep-alive probes a silent peer ten times, a second apart, and closes a dead connection. A proxy answers for the
// server behind it, and the kernel for a stopped server, so the bounds above are needed too.
const KEEP_ALIVE_AFTER_MS = 10_000

/**
 * Opens a session for one piece of work, and closes it afterwards. A lost connection, or a server that stops answering, ends
 * its transaction: the running statement fails.
 */
export async function withSession<T>(
  databaseUrl: string,
  use: (session: Session) => Promise<T>,
  { replyWithinMs = REPLY_WITHIN_MS } = {},
): Promise<T> {
  const socket = new Socket()
  const client = openClient(databaseUrl, {
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    application_name: SESSION_NAME,
    stream: () => socket,
  })
  await client.connect().catch((error: unknown) => {
    throw new StorageError('connect', error)
  })
  try {
    return await use(sessionOn(client, socket, replyWithinMs))
  } finally {
    await within(Math.min(replyWithinMs, CLOSE_WITHIN_MS), socket, () => client.end())
  }
}

/** Closes the connection when the work takes longer, so that pending calls fail. */
async function within<T>(limitMs: number, socket: Socket, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => socket.destroy(new Error(`no reply within ${limitMs} ms`)), limitMs)
  try {
    return await work()
  } finally {
    clearTimeout(timer)
  }
}

function sessionOn(client: pg.Client, socket: Socket, replyWithinMs: number): Session {
  const run = async <Row extends object>(
    { name, ...statement }: Statement,
    values: readonly unknown[] = [],
  ) => {
    try {
      // Not prepared: plans of large joins must use current statistics and values.
      const ask = () => client.query<Row>({ ...statement, values: [...values] } as pg.QueryConfig)
      return (await within(replyWithinMs, socket, ask)).rows
    } catch (error) {
      throw new StorageError(name, error)
    }
  }
  const session: Session = {
    client,
    run,
    async transaction(work) {
      await run({ name: 'begin', text: 'BEGIN' })
      try {
        const result = await work(session)
        await run({ name: 'commit', text: 'COMMIT' })
        return result
      } catch (error) {
        await run({ name: 'rollback', text: 'ROLLBACK' }).catch(() => {})
        throw error
      }
    },
  }
  return session
}
