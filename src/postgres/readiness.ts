import { requireTime, WRITTEN_TIME } from './check-server.ts'
import { countKnownMigrations } from './migrated.ts'
import type { Database } from './pool.ts'

const COUNT_APPLIED = {
  name: 'count_migrations',
  text: 'SELECT count(*)::int AS applied, $1::timestamptz AS at FROM drizzle.__drizzle_migrations',
}

/**
 * Whether the database has every migration this program brings.
 * @throws also when a time is not read back as it was written: nothing would work on such a session
 */
export async function isUpToDate(database: Database): Promise<boolean> {
  const [[row], known] = await Promise.all([
    database.run<{ applied: number; at: unknown }>(COUNT_APPLIED, [WRITTEN_TIME]),
    countKnownMigrations(),
  ])
  requireTime(row?.at)
  return (row?.applied ?? 0) >= known
}
