import { countKnownMigrations } from './migrated.ts'
import type { Database } from './pool.ts'

const COUNT_APPLIED = {
  name: 'count_migrations',
  text: 'SELECT count(*)::int AS applied FROM drizzle.__drizzle_migrations',
}

/** Whether the database has every migration this program brings. */
export async function isUpToDate(database: Database): Promise<boolean> {
  const [[row], known] = await Promise.all([
    database.run<{ applied: number }>(COUNT_APPLIED, []),
    countKnownMigrations(),
  ])
  return (row?.applied ?? 0) >= known
}
