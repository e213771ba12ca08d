import { requireTime, WRITTEN_TIME } from './check-server.ts'
import { knownMigrations } from './migrated.ts'
import type { Database } from './pool.ts'

const FIND_MIGRATION = {
  name: 'find_migration',
  text: 'SELECT exists (SELECT FROM drizzle.__drizzle_migrations WHERE hash = $2) AS applied, $1::timestamptz AS at',
}

/**
 * Whether the last migration of this program was applied. A database that is ahead is up to date: a newer release
 * migrates before the older processes stop.
 * @throws also when a time is not read back unchanged, because nothing would work on such a session
 */
export async function isUpToDate(database: Database): Promise<boolean> {
  const values = [WRITTEN_TIME, knownMigrations().at(-1)]
  const [row] = await database.run<{ applied: boolean; at: unknown }>(FIND_MIGRATION, values)
  requireTime(row?.at)
  return row?.applied ?? false
}
