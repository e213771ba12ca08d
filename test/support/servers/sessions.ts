import type { Database, Statement } from '../../../src/postgres/pool.ts'
import { SESSION_NAME, type Session, withSession } from '../../../src/postgres/session.ts'
import { unnamed } from '../unnamed.ts'

interface Kept {
  readonly session: Session
  readonly close: () => Promise<void>
  isLost: boolean
}

/** Sessions nobody uses at the moment, by database. */
const idle = new Map<string, Kept[]>()

/** What a session's work may leave behind. */
const RESET = `RESET lock_timeout; RESET statement_timeout; RESET idle_in_transaction_session_timeout;
  DISCARD TEMP; SELECT pg_advisory_unlock_all(); SET application_name = 'test session'`

/** A test counts the product's sessions by their name: one is named so while it does the product's work. */
const NAME = `SET application_name = '${SESSION_NAME}'`
const UNNAME = `SET application_name = 'test session'`

/**
 * As `withSession`, in a session that an earlier piece of a test's work left: opening one costs Postgres more than most
 * tests do. It is as good as new, and a lost one is not used again.
 */
export async function inSession<T>(databaseUrl: string, use: (session: Session) => Promise<T>): Promise<T> {
  const kept = takeIdle(databaseUrl) ?? (await open(databaseUrl))
  await kept.session.client.query(NAME)
  try {
    return await use(kept.session)
  } finally {
    await giveBack(databaseUrl, kept)
  }
}

/**
 * Runs one statement, which must leave nothing behind in its session. Unlike a pool's, the connection outlives a statement
 * that Postgres refuses.
 */
export async function sql<Row extends object>(
  databaseUrl: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  return await run<Row>(databaseUrl, unnamed(text), values)
}

async function run<Row extends object>(
  databaseUrl: string,
  statement: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  const kept = takeIdle(databaseUrl) ?? (await openIdle(databaseUrl))
  try {
    return await kept.session.run<Row>(statement, values)
  } finally {
    keepIdle(databaseUrl, kept)
  }
}

/** A database for what tests ask and prepare, on these sessions instead of a pool of its own. */
export function sessionDatabase(databaseUrl: string): Database {
  return {
    run: (statement, values) => run(databaseUrl, statement, values),
    transaction: (work) => inSession(databaseUrl, (session) => session.transaction(work)),
    async close() {},
  }
}

/** Closes the idle sessions of a database that is about to be dropped. */
export async function closeSessions(databaseUrl: string): Promise<void> {
  const sessions = idle.get(databaseUrl) ?? []
  idle.delete(databaseUrl)
  await Promise.all(sessions.map(({ close }) => close()))
}

function takeIdle(databaseUrl: string): Kept | undefined {
  const sessions = idle.get(databaseUrl) ?? []
  for (;;) {
    const kept = sessions.pop()
    if (kept === undefined || !kept.isLost) return kept
  }
}

async function giveBack(databaseUrl: string, kept: Kept): Promise<void> {
  const isReset = await kept.session.client.query(RESET).then(
    () => !kept.isLost,
    () => false,
  )
  if (isReset) keepIdle(databaseUrl, kept)
  else await kept.close()
}

function keepIdle(databaseUrl: string, kept: Kept): void {
  idle.set(databaseUrl, [...(idle.get(databaseUrl) ?? []), kept])
}

async function openIdle(databaseUrl: string): Promise<Kept> {
  const kept = await open(databaseUrl)
  await kept.session.client.query(UNNAME)
  return kept
}

/** Opens a session by `withSession`, whose work then lasts until it is closed. */
function open(databaseUrl: string): Promise<Kept> {
  return new Promise((opened, reject) => {
    const ended = withSession(databaseUrl, async (session) => {
      await new Promise<void>((done) => {
        const close = async () => {
          done()
          await ended
        }
        const kept: Kept = { session, close, isLost: false }
        session.client.once('end', () => {
          kept.isLost = true
        })
        opened(kept)
      })
    })
    // A session that is lost is told to whoever uses it.
    ended.catch(reject)
  })
}
