import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DrizzleSnapshotJSON, generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import { describe, expect, it } from 'vitest'
import { MIGRATIONS_FOLDER } from '../../src/postgres/migrated.ts'

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url))

const readJson = <Value>(name: string): Value =>
  JSON.parse(readFileSync(join(MIGRATIONS_FOLDER, 'meta', name), 'utf8')) as Value
const { entries } = readJson<{ entries: { idx: number; when: number; tag: string }[] }>('_journal.json')

/** The tables of every schema file, found as drizzle.config.ts finds them. */
async function declaredTables(): Promise<Record<string, unknown>> {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  const schemas = files.filter((file) => file.endsWith('schema.ts'))
  const modules = await Promise.all(
    schemas.map((file) => import(join(SOURCE, file)) as Promise<Record<string, unknown>>),
  )
  return Object.assign({}, ...modules)
}

describe('the migrations', () => {
  it('describe every declared table: generating finds no change', async () => {
    const latest = readJson<DrizzleSnapshotJSON>(
      `${String(entries.at(-1)?.idx).padStart(4, '0')}_snapshot.json`,
    )
    const declared = generateDrizzleJson(await declaredTables(), latest.id)
    expect(Object.keys(declared.tables)).toContain('public.orders')
    expect(await generateMigration(latest, declared)).toEqual([])
  })

  it('are all named in the journal: the migrator applies no other file', () => {
    const files = readdirSync(MIGRATIONS_FOLDER).filter((file) => file.endsWith('.sql'))
    expect(entries.map(({ tag }) => `${tag}.sql`)).toEqual(files.sort())
  })

  it('are each later than the one before: the migrator applies what is later than the last applied', () => {
    const times = entries.map(({ when }) => when)
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
  })
})
