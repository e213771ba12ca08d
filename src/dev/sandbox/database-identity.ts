import type { StatementRunner } from '../../postgres/pool.ts'

const READ_IDENTITY = {
  name: 'read_database_identity',
  text: `
    SELECT concat_ws('-', (SELECT system_identifier FROM pg_control_system()), oid) AS identity
    FROM pg_database WHERE datname = current_database()`,
}

/** The identity of this database: that of its cluster and its oid. A database created again has another one. */
export async function readDatabaseIdentity(runner: StatementRunner): Promise<string> {
  const [row] = await runner.run<{ identity: string }>(READ_IDENTITY, [])
  if (row === undefined) throw new Error('pg_database has no row for this database')
  return row.identity
}

const FIRST_ACCEPTED = { name: 'first_accepted_at', text: 'SELECT min(accepted_at) AS "at" FROM orders' }

/** When the first order was accepted; null when there is none. */
export async function firstAcceptedAt(runner: StatementRunner): Promise<Date | null> {
  const [row] = await runner.run<{ at: Date | null }>(FIRST_ACCEPTED, [])
  return row?.at ?? null
}
