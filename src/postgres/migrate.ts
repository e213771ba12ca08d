import { setTimeout as pause } from 'node:timers/promises'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import type pg from 'pg'
import { readMigrationState } from './check-server.ts'
import { MIGRATIONS_FOLDER, readAppliedMigrations } from './migrated.ts'
import { openClient } from './pinned-client.ts'

/** An arbitrary constant. Concurrent migrations take turns by this lock. */
export const ADVISORY_LOCK = 4_702_183_501

/**
 * How a migration waits for a lock on a table that is in use. While it waits, every later statement on that table waits
 * behind it, so it gives up soon, lets them through, and tries again.
 */
export interface LockPatience {
  readonly lockTimeoutMs: number
  readonly retryAfterMs: number
  readonly tries: number
  /** Called after each try that waited in vain. */
  onWaited(attempt: number): void
}

const PATIENCE: LockPatience = { lockTimeoutMs: 2_000, retryAfterMs: 3_000, tries: 24, onWaited() {} }

const LOCK_NOT_AVAILABLE = '55P03'

/**
 * Brings the tables, triggers and views up to date; safe to run again, from several processes at once, and while processes of
 * the release before are at work.
 * @returns how many migrations the database has
 * @throws UnfitServerError for a database of another series of migrations, which stays as it is
 */
export async function migrateDatabase(
  databaseUrl: string,
  patience: Partial<LockPatience> = {},
): Promise<number> {
  const client = openClient(databaseUrl)
  await client.connect()
  try {
    // Drizzle's migrator takes no lock of its own.
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK])
    await client.query('SET client_min_messages TO warning')
    if ((await readMigrationState(client)) === 'behind')
      await applyMigrations(client, { ...PATIENCE, ...patience })
    return (await readAppliedMigrations(client)).length
  } finally {
    await client.end()
  }
}

/** All of them in one transaction: a try that is given up leaves nothing. */
async function applyMigrations(client: pg.Client, patience: LockPatience): Promise<void> {
  const { lockTimeoutMs, retryAfterMs, tries, onWaited } = patience
  await client.query(`SET lock_timeout TO ${lockTimeoutMs}`)
  for (let attempt = 1; ; attempt += 1)
    try {
      return await migrate(drizzle(client), {
        migrationsFolder: MIGRATIONS_FOLDER,
        migrationsSchema: 'drizzle',
      })
    } catch (error) {
      if (attempt >= tries || !isLockNotAvailable(error)) throw asPostgresError(error)
      onWaited(attempt)
      await pause(retryAfterMs)
    }
}

const isLockNotAvailable = (error: unknown) =>
  (asPostgresError(error) as { code?: unknown }).code === LOCK_NOT_AVAILABLE

/** Drizzle wraps what Postgres says, and its own message has the whole migration. */
function asPostgresError(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error
}
