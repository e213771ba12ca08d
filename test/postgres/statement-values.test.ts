import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../src/postgres/pool.ts'
import { list, nullable, rows, statement, type } from '../../src/postgres/statement.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'

let test: Awaited<ReturnType<typeof createTestDatabase>>
let database: Database
beforeAll(async () => {
  test = await createTestDatabase()
  database = openDatabase({ databaseUrl: test.databaseUrl, maxConnections: 1, onError: () => {} })
})
afterAll(async () => {
  await database?.close()
  await test?.drop()
})

const echo = statement('echo', { at: type.time }, (db, { at }) =>
  db.select({ text: sql<string>`${at}::text` }).from(sql`(select 1) as one`),
)
const sums = statement(
  'sums',
  {
    pairs: rows({ a: type.integer, b: nullable(type.integer) }),
    among: list(type.integer),
    least: nullable(type.integer),
  },
  (db, { pairs, among, least }) =>
    db
      .select({ a: pairs.a, b: pairs.b })
      .from(pairs)
      .where(sql`${pairs.a} = any (${among}) and (${least} is null or ${pairs.a} >= ${least})`),
)
const fail = statement('fail', { digits: type.text }, (db, { digits }) =>
  db.select({ n: sql<number>`${digits}::int` }).from(sql`(select 1) as one`),
)

describe('the values of a statement', () => {
  it.each([
    ['2026-02-09T06:07:06.104Z', '2026-02-09 06:07:06.104+00'],
    ['0099-01-01T00:00:00.000Z', '0099-01-01 00:00:00+00'],
    ['+010000-01-01T00:00:00.000Z', '10000-01-01 00:00:00+00'],
    ['0000-03-01T00:00:00.000Z', '0001-03-01 00:00:00+00 BC'],
    ['-000043-03-15T00:00:00.000Z', '0044-03-15 00:00:00+00 BC'],
  ])('take the time %s as Postgres writes it', async (iso, text) => {
    expect(await echo(database, { at: new Date(iso) })).toEqual([{ text }])
  })

  it('are rows, lists and nulls', async () => {
    const pairs = [
      { a: 1, b: null },
      { a: 2, b: 20 },
      { a: 3, b: 30 },
    ]
    expect(await sums(database, { pairs, among: [1, 2], least: null })).toEqual(pairs.slice(0, 2))
    expect(await sums(database, { pairs, among: [1, 2], least: 2 })).toEqual([{ a: 2, b: 20 }])
    expect(await sums(database, { pairs: [], among: [], least: null })).toEqual([])
  })

  it('are not in the error of a statement that fails', async () => {
    const failed = fail(database, { digits: '081234500001' })
    await expect(failed).rejects.toMatchObject({ name: 'StorageError', code: '22003' })
    await expect(failed).rejects.not.toThrow(/0812/)
  })
})
