import type { Log } from '../core/log.ts'
import { readNewerMigrations } from '../postgres/check-server.ts'

/**
 * Logs that a newer release has migrated the database. This process goes on: a release only adds to what the one before it
 * uses (docs/decisions/0009-expand-then-contract.md).
 */
export async function logNewerTables(databaseUrl: string, log: Log): Promise<void> {
  const newer = await readNewerMigrations(databaseUrl)
  if (newer > 0)
    log.warn(
      { newer_migrations: newer },
      'a newer release has migrated the database: this one works on its tables until it is replaced',
    )
}
