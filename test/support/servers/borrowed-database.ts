import type { Session } from '../../../src/postgres/session.ts'
import { createTestDatabase, type TestDatabase } from './postgres.ts'
import { inSession } from './sessions.ts'

/** What a database has when it is new. */
interface Pristine {
  /** Deletes every row of the tables that had none, and lets every sequence begin anew. */
  readonly clear: string
  /** Asks what the tables hold that had rows from the start, and what of the schema a test may have changed. */
  readonly fingerprint: string
  readonly expected: string
}

interface Lent {
  readonly database: TestDatabase
  readonly pristine: Pristine
}

/** Which triggers, columns and functions there are, and which of the triggers are on. */
const CATALOG = [
  `(SELECT md5(string_agg(oid::text || tgenabled::text, '' ORDER BY oid)) FROM pg_trigger)`,
  `(SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE NOT a.attisdropped AND relpersistence = 'p')`,
  '(SELECT count(*) FROM pg_proc)',
]

const free: Lent[] = []

/**
 * A migrated database without rows, for tests that change rows only. It may have been another test's, whose rows are
 * gone: a new one costs Postgres more than most of these tests do, for nothing of it is in memory yet.
 */
export async function borrowTestDatabase(): Promise<TestDatabase> {
  const lent = free.pop() ?? (await open())
  const { databaseUrl } = lent.database
  return {
    databaseUrl,
    async drop() {
      const isAsNew = await inSession(databaseUrl, (session) => clear(session, lent.pristine)).catch(
        () => false,
      )
      if (isAsNew) free.push(lent)
      else await lent.database.drop()
    },
  }
}

async function open(): Promise<Lent> {
  const database = await createTestDatabase()
  return { database, pristine: await inSession(database.databaseUrl, lookAt) }
}

async function lookAt(session: Session): Promise<Pristine> {
  const tables = await session.run<{ name: string }>({
    name: 'tables',
    text: `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND n.nspname IN ('public', 'bullmq') ORDER BY 1`,
  })
  const empty: string[] = []
  const filled: string[] = []
  for (const { name } of tables) {
    const rows = await session.run({ name: 'first', text: `SELECT 1 FROM ${name} LIMIT 1` })
    ;(rows.length === 0 ? empty : filled).push(name)
  }
  const prints = filled.map((name) => `(SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM ${name} t)`)
  const fingerprint = `SELECT concat_ws(' ', ${[...CATALOG, ...prints].join(', ')}) AS print`
  return {
    clear: [
      `BEGIN; SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '5s'`,
      ...empty.map((name) => `DELETE FROM ${name}`),
      'SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence',
      'COMMIT',
    ].join('; '),
    fingerprint,
    expected: await printOf(session, fingerprint),
  }
}

async function printOf(session: Session, fingerprint: string): Promise<string> {
  const [row] = await session.run<{ print: string }>({ name: 'fingerprint', text: fingerprint })
  return row?.print ?? ''
}

async function clear(session: Session, pristine: Pristine): Promise<boolean> {
  await session.client.query(pristine.clear)
  return (await printOf(session, pristine.fingerprint)) === pristine.expected
}
