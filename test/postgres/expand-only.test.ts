import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MIGRATIONS_FOLDER } from '../../src/postgres/migrated.ts'
import { readText } from '../ground/tables.ts'
import { contractionsIn } from '../support/contractions.ts'
import { EXPANSION } from '../support/scenes/next-release.ts'

/**
 * The last migration of the newest release: those after it may only add (docs/decisions/0009). Null until the first release,
 * whose migrations are edited in place. Whoever releases sets it.
 */
const BASELINE: string | null = null

const { entries } = JSON.parse(readFileSync(join(MIGRATIONS_FOLDER, 'meta', '_journal.json'), 'utf8')) as {
  entries: { tag: string }[]
}
const tags = entries.map(({ tag }) => tag)

describe('the migrations since the newest release', () => {
  it('only add to what it uses, but where a line says which release has stopped using it', () => {
    const since = BASELINE === null ? [] : tags.slice(tags.indexOf(BASELINE) + 1)
    const found = since.flatMap((tag) =>
      contractionsIn(readFileSync(join(MIGRATIONS_FOLDER, `${tag}.sql`), 'utf8')).map((each) => ({
        tag,
        ...each,
      })),
    )
    expect(found).toEqual([])
  })

  it('are known: the baseline is set as soon as there is a release, to one of the migrations', () => {
    const { version } = JSON.parse(readText('package.json')) as { version: string }
    if (!version.includes('-')) expect(tags).toContain(BASELINE)
    else expect(BASELINE === null || tags.includes(BASELINE)).toBe(true)
  })
})

describe('a migration', () => {
  it.each([
    ['adds a column that may be empty, a table with its index', EXPANSION],
    ['adds a column with a default', 'ALTER TABLE "orders" ADD COLUMN "n" integer DEFAULT 0 NOT NULL;'],
    [
      'adds a generated column',
      'ALTER TABLE "a" ADD COLUMN "n" integer GENERATED ALWAYS AS (1) STORED NOT NULL;',
    ],
    [
      'replaces a function, whatever its body says',
      'CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DROP TABLE x; ALTER TABLE a RENAME TO b $$;',
    ],
    ['mentions it in a comment', '-- drop nothing, rename nothing\nSELECT 1;'],
    ['mentions it in a text', `INSERT INTO a (note) VALUES ('drop; it''s renamed');`],
    [
      'has an index that was built before',
      'CREATE INDEX IF NOT EXISTS "orders_x" ON "orders" USING btree ("x");',
    ],
    [
      'constrains a table of its own',
      'CREATE TABLE "a" ("b" text);--> statement-breakpoint\nALTER TABLE "a" ADD CONSTRAINT "c" CHECK (b <> \'\');\nCREATE UNIQUE INDEX "u" ON "a" ("b");',
    ],
    [
      'drops what a release has stopped using',
      '-- contract: 1.2.0 reads orders.note instead\nALTER TABLE "orders" DROP COLUMN "x";',
    ],
  ])('is taken where it %s', (_what, migration) => {
    expect(contractionsIn(migration)).toEqual([])
  })

  it.each([
    ['drops a column', 'ALTER TABLE "orders" DROP COLUMN "note";', 'drops'],
    ['drops a table', 'DROP TABLE IF EXISTS "plans";', 'drops'],
    ['drops a trigger', 'DROP TRIGGER a ON orders;', 'drops'],
    ['renames a column', 'ALTER TABLE "orders" RENAME COLUMN "a" TO "b";', 'renames'],
    ['adds a column that must be filled', 'ALTER TABLE "orders" ADD COLUMN "n" integer NOT NULL;', 'DEFAULT'],
    [
      'fills the second of two',
      'ALTER TABLE "orders" ADD COLUMN "a" text, ADD COLUMN "n" text NOT NULL;',
      'DEFAULT',
    ],
    [
      'forbids empty values',
      'ALTER TABLE "orders" ALTER COLUMN "note" SET NOT NULL;',
      'leave the column empty',
    ],
    ['changes a type', 'ALTER TABLE "orders" ALTER COLUMN "id" SET DATA TYPE bigint;', 'changes a type'],
    ['changes a type shortly', 'alter table orders alter id type bigint;', 'changes a type'],
    ['makes values unique', 'CREATE UNIQUE INDEX "u" ON "orders" ("note");', 'unique index'],
    ['builds an index on a table in use', 'CREATE INDEX "i" ON "orders" ("note");', 'CONCURRENTLY'],
    ['adds a check', 'ALTER TABLE "orders" ADD CONSTRAINT "c" CHECK (note <> \'\');', 'constraint'],
    ['names no version', '-- contract: soon\nDROP TABLE "plans";', 'drops'],
    ['excuses another statement', '-- contract: 1.2.0 has stopped\nSELECT 1;\nDROP TABLE "plans";', 'drops'],
  ])('is refused where it %s', (_what, migration, why) => {
    expect(contractionsIn(migration)).toMatchObject([{ why: expect.stringContaining(why) }])
  })
})
