import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readText } from './tables.ts'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))

/**
 * Every statement that is not Drizzle's, by file, with the reason of its group: docs/decisions/0006. A new one belongs
 * into the builder; if the builder has no words for it, it gets a row here.
 */
const RAW: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'control: transactions, settings, locks, cursors, savepoints, ANALYZE, COPY': {
    'batches/copy.ts': 3,
    'batches/copy-rows.ts': 2,
    'batches/feed.ts': 2,
    'batches/http/batch-commands.ts': 1,
    'batches/repeated-references.ts': 6,
    'batches/retry.ts': 1,
    'batches/results.ts': 3,
    'plans/commands.ts': 1,
    'plans/work-on-plan.ts': 1,
    'postgres/pool.ts': 3,
    'postgres/session.ts': 3,
    'reconciliation/report/read-report.ts': 1,
    'reconciliation/statements/copy-lines.ts': 1,
    'reconciliation/statements/import.ts': 1,
  },
  'PostgreSQL about itself: no table of ours': {
    'dev/embedded-postgres/server.ts': 2,
    'dev/sandbox/database-identity.ts': 1,
    'plans/run-due.ts': 1,
    'postgres/check-server.ts': 5,
    'postgres/clock.ts': 1,
    'postgres/grants.ts': 25,
    'postgres/migrate.ts': 3,
    'postgres/migrated.ts': 2,
    'postgres/pinned-client.ts': 1,
    'postgres/readiness.ts': 1,
    'postgres/role-rights.ts': 3,
    'queue/probe.ts': 2,
  },
  'the work of a reconciliation run on temporary tables, which no schema declares': {
    'reconciliation/absence-facts.ts': 1,
    'reconciliation/absence-tables.ts': 6,
    'reconciliation/doubt-evidence.ts': 2,
    'reconciliation/findings.ts': 4,
    'reconciliation/match-by-terms.ts': 2,
    'reconciliation/match-by-session.ts': 10,
    'reconciliation/matching.ts': 8,
    'reconciliation/scope.ts': 3,
    'reconciliation/statement-facts.ts': 1,
  },
}

const VERBS =
  'SELECT|INSERT|UPDATE|DELETE|WITH|SET|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|LOCK|ANALYZE|DECLARE|FETCH|CLOSE|COPY|CREATE|DROP|ALTER|GRANT|REVOKE|TRUNCATE|EXPLAIN|DISCARD|RESET'
const RAW_TEXT = new RegExp(
  `(?<!\\bsql)(?<!\\bsql<[^>\`]*>)[\`'"]\\s*(?:(?:${VERBS})\\s|(?:BEGIN|COMMIT|ROLLBACK)[\`'"])`,
  'g',
)
const WORK_STATEMENT = /\bworkStatement\(\s*'/g

/** How many statements of a file are written as SQL, comments left aside. */
function rawIn(text: string): number {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  return [...code.matchAll(RAW_TEXT), ...code.matchAll(WORK_STATEMENT)].length
}

const FILES = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

describe('statements that are not Drizzle’s', () => {
  it('are those that the list names, file by file', () => {
    const found = FILES.map((file) => [file, rawIn(readText(`src/${file}`))] as const).filter(
      ([, count]) => count > 0,
    )
    const listed = Object.values(RAW).flatMap((files) => Object.entries(files))
    expect(Object.fromEntries([...found].sort())).toEqual(Object.fromEntries(listed.sort()))
  })

  it.each([
    ["run({ name: 'x', text: `\n  SELECT id FROM orders` }, [])", 1],
    ["client.query('UPDATE orders SET state = $1')", 1],
    ["workStatement(\n  'x', sql`INSERT INTO work`)", 1],
    ['db.insert(orders).select(sql`select 1 from x`)', 0],
    ['sql<number>`(SELECT 1)`', 0],
    ["// 'SELECT 1'\nconst words = 'Select a file'", 0],
  ])('of %s are %d', (text, count) => {
    expect(rawIn(text)).toBe(count)
  })
})
