import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { compareMigrations, countNewer, knownMigrations, readAppliedMigrations } from './migrated.ts'
import { openClient } from './pinned-client.ts'

/** The server answers, but this program cannot work with it. The message says what to do. */
export class UnfitServerError extends Error {
  override name = 'UnfitServerError'
}

const TRANSACTION_POOLER =
  'DATABASE_URL leads to a pooler that gives each transaction another session (PgBouncer: pool_mode = transaction or ' +
  'statement): use session pooling or a direct connection to Postgres'

const FOREIGN_MIGRATIONS =
  'the database has the migrations of another series (an unreleased version, or changed files) and cannot be brought ' +
  'up to date: create a new, empty database for DATABASE_URL; without DATABASE_URL, move the folder .goldpro away'

const ROUNDS = 3
const WITHIN_MS = 4_000

/**
 * Checks a server before anything is done on it: sessions are not pooled per transaction, and times are read back unchanged.
 * @returns whether it has the last migration of this program
 * @throws UnfitServerError, or the connection's error
 */
export async function checkServer(databaseUrl: string): Promise<{ isMigrated: boolean }> {
  const client = openClient(databaseUrl)
  await client.connect().catch(refusedByPooler)
  try {
    await refusePooler(client, databaseUrl)
    const read = await client.query<{ at: unknown }>('SELECT $1::timestamptz AS at', [WRITTEN_TIME])
    requireTime(read.rows[0]?.at)
    return { isMigrated: (await readMigrationState(client)) === 'current' }
  } finally {
    await client.end().catch(() => {})
  }
}

/**
 * Whether the database has the last migration of this program.
 * @throws UnfitServerError for a database of another series, which migrating would fail on or change by half
 */
export async function readMigrationState(client: pg.Client): Promise<'current' | 'behind'> {
  const state = compareMigrations(await readAppliedMigrations(client), knownMigrations())
  if (state === 'foreign') throw new UnfitServerError(FOREIGN_MIGRATIONS)
  return state
}

/** How many migrations of a newer release the database has. */
export async function readNewerMigrations(databaseUrl: string): Promise<number> {
  const client = openClient(databaseUrl)
  await client.connect()
  try {
    return countNewer(await readAppliedMigrations(client), knownMigrations())
  } finally {
    await client.end().catch(() => {})
  }
}

/** PgBouncer's error when it pools statements, or does not know a parameter. */
function refusedByPooler(error: unknown): never {
  const isPooler = error instanceof Error && 'code' in error && error.code === '08P01'
  throw isPooler ? new UnfitServerError(TRANSACTION_POOLER) : error
}

const IDENTITY = `SELECT pg_backend_pid() AS pid, current_setting('goldpro.session', true) AS mark`

interface Identity {
  readonly pid: number
  readonly mark: string | null
}

/**
 * Detects a transaction pooler. While a second client holds a transaction open, the first must still reach the same server
 * process with the same setting. A pooler would give that process to the second client.
 */
async function refusePooler(client: pg.Client, databaseUrl: string): Promise<void> {
  const other = openClient(databaseUrl, { query_timeout: WITHIN_MS })
  await other.connect().catch(refusedByPooler)
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const mark = randomBytes(8).toString('hex')
      await client.query(`SET goldpro.session = '${mark}'`)
      const [before] = (await client.query<Identity>(IDENTITY)).rows
      await other.query('BEGIN')
      const [held] = (await other.query<Identity>(IDENTITY)).rows
      // Skipped when the other client has it already: a pooler with one server process would make this query wait.
      const isShared = held?.pid === before?.pid || held?.mark === mark || before?.mark !== mark
      const [after] = isShared ? [] : (await client.query<Identity>(IDENTITY)).rows
      await other.query('ROLLBACK')
      if (isShared || after?.pid !== before?.pid || after?.mark !== mark)
        throw new UnfitServerError(TRANSACTION_POOLER)
    }
  } catch (error) {
    return refusedByPooler(error)
  } finally {
    await other.end().catch(() => {})
  }
}

/** A moment whose day and month differ, with a fraction of a second. */
export const WRITTEN_TIME = '2026-02-09T06:07:06.104Z'

/** Fails unless the session formats times as the program parses them. */
export function requireTime(at: unknown): void {
  if (!(at instanceof Date) || Number.isNaN(at.getTime()) || at.toISOString() !== WRITTEN_TIME)
    throw new UnfitServerError(
      'Postgres does not read a time back as it was written: something between changes datestyle or timezone; use a direct connection',
    )
}
