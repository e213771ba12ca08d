import { fileURLToPath } from 'node:url'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type pg from 'pg'

export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url))

/**
 * - `current`: the last migration of this program was applied. Later ones may follow it: in a rolling deploy the newer
 *   release migrates first, and this one goes on working.
 * - `behind`: only the first ones of this program, or none, were applied. Migrating applies the others.
 * - `foreign`: the migrations are those of another series. Nothing brings such a database up to date.
 */
export type MigrationState = 'current' | 'behind' | 'foreign'

let known: readonly string[] | undefined

/** The SHA-256 of each migration of this program, in order, as drizzle's migrator stores them. Read once. */
export function knownMigrations(): readonly string[] {
  known ??= readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER }).map(({ hash }) => hash)
  return known
}

export function compareMigrations(applied: readonly string[], ours: readonly string[]): MigrationState {
  const last = ours.at(-1)
  if (last !== undefined && applied.includes(last)) return 'current'
  return applied.every((hash, position) => hash === ours[position]) ? 'behind' : 'foreign'
}

/** How many migrations of a newer release follow the last one of this program; 0 also where that one is missing. */
export function countNewer(applied: readonly string[], ours: readonly string[]): number {
  const position = applied.lastIndexOf(ours.at(-1) ?? '')
  return position === -1 ? 0 : applied.length - 1 - position
}

/** The hashes of the migrations that the database has, in order. */
export async function readAppliedMigrations(client: pg.Client): Promise<string[]> {
  const table = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('drizzle.__drizzle_migrations') IS NOT NULL AS exists`,
  )
  if (!table.rows[0]?.exists) return []
  const { rows } = await client.query<{ hash: string }>(
    'SELECT hash FROM drizzle.__drizzle_migrations ORDER BY created_at, id',
  )
  return rows.map(({ hash }) => hash)
}
