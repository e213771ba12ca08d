import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'
import { MIGRATIONS_FOLDER } from '../../../src/postgres/migrated.ts'

/** Migrates as an earlier release did, which had only the first migrations. */
export async function migrateFirst(databaseUrl: string, count: number): Promise<void> {
  const migrationsFolder = mkdtempSync(join(tmpdir(), 'goldpro-migrations-'))
  const client = new pg.Client(databaseUrl)
  try {
    cpSync(MIGRATIONS_FOLDER, migrationsFolder, { recursive: true })
    const path = join(migrationsFolder, 'meta/_journal.json')
    const journal = JSON.parse(readFileSync(path, 'utf8'))
    writeFileSync(path, JSON.stringify({ ...journal, entries: journal.entries.slice(0, count) }))
    await client.connect()
    await migrate(drizzle(client), { migrationsFolder, migrationsSchema: 'drizzle' })
  } finally {
    await client.end()
    rmSync(migrationsFolder, { recursive: true })
  }
}
