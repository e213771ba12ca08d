import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import { readMigrationState } from './check-server.ts'
import { MIGRATIONS_FOLDER, readAppliedMigrations } from './migrated.ts'
import { openClient } from './pinned-client.ts'

/** An arbitrary constant. Concurrent migrations take turns by this lock. */
export const ADVISORY_LOCK = 4_702_183_501

/**
 * Brings the tables, triggers and views up to date; safe to run again and from several processes at once.
 * @returns how many migrations the database has
 * @throws UnfitServerError for a database of another series of migrations, which stays as it is
 */
export async function migrateDatabase(databaseUrl: string): Promise<number> {
  const client = openClient(databaseUrl)
  await client.connect()
  try {
    // Drizzle's migrator takes no lock of its own.
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK])
    await client.query('SET client_min_messages TO warning')
    if ((await readMigrationState(client)) === 'behind')
      await migrate(drizzle(client), { migrationsFolder: MIGRATIONS_FOLDER, migrationsSchema: 'drizzle' })
    return (await readAppliedMigrations(client)).length
  } finally {
    await client.end()
  }
}
