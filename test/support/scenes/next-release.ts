import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** What a release may add while the release before it works: a column, a table and an index, all unknown to the old code. */
export const EXPANSION = [
  `ALTER TABLE "orders" ADD COLUMN "of_the_next_release" text;`,
  `CREATE TABLE "next_release_notes" ("id" integer PRIMARY KEY, "note" text DEFAULT '' NOT NULL);`,
  `CREATE INDEX "next_release_notes_note" ON "next_release_notes" ("note");`,
].join('\n--> statement-breakpoint\n')

interface Journal {
  readonly entries: readonly {
    idx: number
    version: string
    when: number
    tag: string
    breakpoints: boolean
  }[]
}

/** Adds one migration to a folder of migrations, later than every other. */
export function addMigration(folder: string, text: string): void {
  const path = join(folder, 'meta', '_journal.json')
  const journal = JSON.parse(readFileSync(path, 'utf8')) as Journal
  const last = journal.entries.at(-1)
  if (last === undefined) throw new Error(`${folder} has no migrations`)
  const idx = last.idx + 1
  const tag = `${String(idx).padStart(4, '0')}_next_release`
  writeFileSync(join(folder, `${tag}.sql`), `${text}\n`)
  const entries = [...journal.entries, { ...last, idx, when: last.when + 1, tag }]
  writeFileSync(path, JSON.stringify({ ...journal, entries }, null, 2))
}

/** The release after this one: this program with one more migration, in a folder of its own. @returns its `main.js` */
export function nextRelease(ends: (() => Promise<unknown>)[], migration = EXPANSION): string {
  const folder = mkdtempSync(join(tmpdir(), 'goldpro-next-'))
  ends.push(async () => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['dist', 'migrations', 'assets', 'package.json'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction')
  addMigration(join(folder, 'migrations'), migration)
  return join(folder, 'dist', 'main.js')
}
