import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { postgresFailure } from '../../src/cli/postgres-failure.ts'
import { checkServer, UnfitServerError } from '../../src/postgres/check-server.ts'
import { migrateDatabase } from '../../src/postgres/migrate.ts'
import { compareMigrations, countNewer, knownMigrations } from '../../src/postgres/migrated.ts'
import { openDatabase } from '../../src/postgres/pool.ts'
import { isUpToDate } from '../../src/postgres/readiness.ts'
import { migrateFirst } from '../support/scenes/older-database.ts'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'

const KNOWN = knownMigrations()
const OTHER = 'f'.repeat(64)

let test: TestDatabase | undefined

afterEach(async () => {
  await test?.drop()
})

async function query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client(test?.databaseUrl)
  await client.connect()
  try {
    return (await client.query<Row>(text, values)).rows
  } finally {
    await client.end()
  }
}

const appliedHashes = async () =>
  (await query<{ hash: string }>('SELECT hash FROM drizzle.__drizzle_migrations ORDER BY id')).map(
    ({ hash }) => hash,
  )

const addMigrations = (hashes: readonly string[], createdAt: number) =>
  query('INSERT INTO drizzle.__drizzle_migrations (hash, created_at) SELECT unnest($1::text[]), $2', [
    hashes,
    createdAt,
  ])

async function isReady(databaseUrl: string): Promise<boolean> {
  const database = openDatabase({ databaseUrl, maxConnections: 1, onError: () => {} })
  return await isUpToDate(database).finally(() => database.close())
}

describe('what migrations a database has', () => {
  it.each([
    ['behind', []],
    ['behind', ['a']],
    ['behind', ['a', 'b']],
    ['current', ['a', 'b', 'c']],
    ['current', ['a', 'b', 'c', 'x']],
    ['current', ['a', 'b', 'c', 'x', 'y']],
    ['foreign', ['x']],
    ['foreign', ['a', 'x']],
    ['foreign', ['b']],
    ['foreign', ['a', 'b', 'x', 'y']],
    ['foreign', ['x', 'y', 'z', 'v']],
  ])('is %s: %j', (state, applied) => {
    expect(compareMigrations(applied, ['a', 'b', 'c'])).toBe(state)
  })
})

describe('how many migrations of a newer release a database has', () => {
  it.each([
    [0, []],
    [0, ['a', 'b']],
    [0, ['a', 'b', 'c']],
    [2, ['a', 'b', 'c', 'x', 'y']],
    [0, ['x', 'y', 'z', 'v']],
  ])('is %d: %j', (count, applied) => {
    expect(countNewer(applied, ['a', 'b', 'c'])).toBe(count)
  })
})

describe('a database that is migrated', () => {
  it('is up to date, and migrating it again changes nothing', async () => {
    test = await createTestDatabase()
    expect(await checkServer(test.databaseUrl)).toEqual({ isMigrated: true })
    expect(await isReady(test.databaseUrl)).toBe(true)
    expect(await migrateDatabase(test.databaseUrl)).toBe(KNOWN.length)
    expect(await appliedHashes()).toEqual(KNOWN)
  })
})

describe('a database that is behind', () => {
  it('is not up to date until the other migrations are applied', async () => {
    test = await createEmptyDatabase()
    await migrateFirst(test.databaseUrl, 3)
    expect(await appliedHashes()).toEqual(KNOWN.slice(0, 3))
    expect(await checkServer(test.databaseUrl)).toEqual({ isMigrated: false })
    expect(await isReady(test.databaseUrl)).toBe(false)
    expect(await migrateDatabase(test.databaseUrl)).toBe(KNOWN.length)
    expect(await appliedHashes()).toEqual(KNOWN)
    expect(await isReady(test.databaseUrl)).toBe(true)
  })

  it('is one without any migration, too', async () => {
    test = await createEmptyDatabase()
    expect(await checkServer(test.databaseUrl)).toEqual({ isMigrated: false })
  })
})

describe('a database that a newer release migrated', () => {
  it('is up to date for this one, which changes nothing in it', async () => {
    test = await createTestDatabase()
    await addMigrations([OTHER], Date.now() + 1e9)
    expect(await checkServer(test.databaseUrl)).toEqual({ isMigrated: true })
    expect(await isReady(test.databaseUrl)).toBe(true)
    expect(await migrateDatabase(test.databaseUrl)).toBe(KNOWN.length + 1)
    expect(await appliedHashes()).toEqual([...KNOWN, OTHER])
  })
})

describe('a database of another series of migrations', () => {
  it.each([
    ['older than every one of ours', 1],
    ['newer than every one of ours', 8e15],
  ])('is refused and stays as it is: %s', async (_what, createdAt) => {
    test = await createEmptyDatabase()
    await migrateFirst(test.databaseUrl, 0)
    await addMigrations(
      KNOWN.map((hash) => hash.toUpperCase()),
      createdAt,
    )
    const { databaseUrl } = test
    const refused = await checkServer(databaseUrl).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(UnfitServerError)
    expect(postgresFailure(refused)).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('create a new, empty database'),
    })
    await expect(migrateDatabase(databaseUrl)).rejects.toThrow(UnfitServerError)
    expect(await isReady(databaseUrl)).toBe(false)
    expect(await appliedHashes()).toHaveLength(KNOWN.length)
    expect(await query(`SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace`)).toEqual([])
  })
})
