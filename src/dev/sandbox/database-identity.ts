import type { StatementRunner } from '../../postgres/pool.ts'

const READ_IDENTITY = {
  name: 'read_database_identity',
  text: `
    SELECT concat_ws('-', (SELECT system_identifier FROM pg_control_system()), oid) AS identity
    FROM pg_database WHERE datname = current_database()`,
}

/** Identifies this database: a new cluster and a new database have another identity. */
export async function readDatabaseIdentity(runner: StatementRunner): Promise<string> {
  const [row] = await runner.run<{ identity: string }>(READ_IDENTITY, [])
  if (row === undefined) throw new Error('pg_database has no row of the current database')
  return row.identity
}
