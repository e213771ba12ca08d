import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { postgresFailure } from '../../src/cli/postgres-failure.ts'
import { migrateDatabase } from '../../src/postgres/migrate.ts'
import { knownMigrations } from '../../src/postgres/migrated.ts'
import { migrateFirst } from '../support/scenes/older-database.ts'
import { createEmptyDatabase, type TestDatabase } from '../support/servers/postgres.ts'

const PATIENCE = { lockTimeoutMs: 50, retryAfterMs: 10 }

let place: TestDatabase | undefined
afterEach(async () => await place?.drop())

/** A database that lacks the triggers of orders, and a session that writes to orders and does not end. */
async function whileOrdersAreInUse<T>(
  use: (databaseUrl: string, release: () => Promise<void>) => Promise<T>,
) {
  place = await createEmptyDatabase()
  const { databaseUrl } = place
  await migrateFirst(databaseUrl, 2)
  const holder = new pg.Client(databaseUrl)
  await holder.connect()
  try {
    await holder.query('BEGIN; LOCK TABLE orders IN ROW EXCLUSIVE MODE')
    return await use(databaseUrl, async () => void (await holder.query('COMMIT')))
  } finally {
    await holder.end()
  }
}

describe('a migration that cannot have a lock on a table', () => {
  it('lets others write to the table, and tries again until it has it', async () => {
    await whileOrdersAreInUse(async (databaseUrl, release) => {
      const waited: number[] = []
      const migrated = await migrateDatabase(databaseUrl, {
        ...{ ...PATIENCE, tries: 10_000 },
        onWaited(attempt) {
          waited.push(attempt)
          if (attempt === 2) void release()
        },
      })
      expect(migrated).toBe(knownMigrations().length)
      expect(waited.slice(0, 2)).toEqual([1, 2])
    })
  })

  it('gives up in the end, says what to do, and has changed nothing', async () => {
    await whileOrdersAreInUse(async (databaseUrl) => {
      const failed = await migrateDatabase(databaseUrl, { ...PATIENCE, tries: 2 }).catch(
        (error: unknown) => error,
      )
      expect(postgresFailure(failed)).toMatchObject({
        exitCode: 1,
        message: expect.stringContaining('another session holds a lock'),
      })
      const client = new pg.Client(databaseUrl)
      await client.connect()
      const { rows } = await client.query('SELECT FROM drizzle.__drizzle_migrations')
      await client.end()
      expect(rows).toHaveLength(2)
    })
  })
})
