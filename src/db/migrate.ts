import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'

const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url))

/** Any number, but always the same one: two migrations at once take turns on it. */
const ADVISORY_LOCK = 4_702_183_501

/**
 * Brings the tables, triggers and views up to date; safe to run again and from several processes at once.
 * @returns how many migrations the database has.
 */
export async function migrateDatabase(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 })
  // A checked-out client without a listener ends the process when the server goes away.
  client.on('error', () => {})
  await client.connect()
  try {
    // Drizzle's migrator takes no lock of its own.
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK])
    await client.query('SET client_min_messages TO warning')
    await migrate(drizzle(client), { migrationsFolder: MIGRATIONS_FOLDER, migrationsSchema: 'drizzle' })
    return (await readMigrationCounts(client)).applied
  } finally {
    await client.end()
  }
}

/** Whether the database has every migration this program brings: a worker on an old schema would fail late. */
export async function isMigrated(databaseUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    const { applied, known } = await readMigrationCounts(client)
    return applied >= known
  } finally {
    await client.end()
  }
}

async function readMigrationCounts(client: pg.Client): Promise<{ applied: number; known: number }> {
  const files = await readdir(MIGRATIONS_FOLDER)
  const known = files.filter((file) => file.endsWith('.sql')).length
  const table = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('drizzle.__drizzle_migrations') IS NOT NULL AS exists`,
  )
  if (!table.rows[0]?.exists) return { applied: 0, known }
  const count = await client.query<{ applied: number }>(
    'SELECT count(*)::int AS applied FROM drizzle.__drizzle_migrations',
  )
  return { applied: count.rows[0]?.applied ?? 0, known }
}
