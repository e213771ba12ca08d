import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'

export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url))

/** How many migrations the database has had, and how many this program brings. */
export async function readMigrationCounts(client: pg.Client): Promise<{ applied: number; known: number }> {
  const known = await countKnownMigrations()
  const table = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('drizzle.__drizzle_migrations') IS NOT NULL AS exists`,
  )
  if (!table.rows[0]?.exists) return { applied: 0, known }
  const count = await client.query<{ applied: number }>(
    'SELECT count(*)::int AS applied FROM drizzle.__drizzle_migrations',
  )
  return { applied: count.rows[0]?.applied ?? 0, known }
}

/** How many migrations this program brings. */
export async function countKnownMigrations(): Promise<number> {
  const files = await readdir(MIGRATIONS_FOLDER)
  return files.filter((file) => file.endsWith('.sql')).length
}
