import type { StatementRunner } from '../../postgres/pool.ts'

const READ_IDENTITY = {
  name: 'read_database_identity',
  text: `
    SELECT concat_ws('-', (SELECT system_identifier FROM pg_control_system()), oid) AS identity
    FROM pg_database WHERE datname = current_database()`,
}

/** What tells this database from every other one: made anew with the cluster, and with the database. */
export async function readDatabaseIdentity(runner: StatementRunner): Promise<string> {
  const [row] = await runner.run<{ identity: string }>(READ_IDENTITY, [])
  if (row === undefined) throw new Error('a database without an entry of its own')
  return row.identity
}

const FIRST_ACCEPTED = { name: 'first_accepted_at', text: 'SELECT min(accepted_at) AS "at" FROM orders' }

/** When the first order was accepted; null before there is one. */
export async function firstAcceptedAt(runner: StatementRunner): Promise<Date | null> {
  const [row] = await runner.run<{ at: Date | null }>(FIRST_ACCEPTED, [])
  return row?.at ?? null
}
