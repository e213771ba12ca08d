import pg from 'pg'
import { inject } from 'vitest'
import { closeSessions } from './sessions.ts'

/** A database of a test's own. */
export interface TestDatabase {
  readonly databaseUrl: string
  /** Drops it, whoever is still connected. */
  drop(): Promise<void>
}

/** A migrated database without rows, its queue's schema included. */
export function createTestDatabase(): Promise<TestDatabase> {
  return createDatabase(`TEMPLATE ${inject('templateDatabase')}`)
}

/** A database with nothing in it, for tests of what happens before the migration. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return createDatabase('TEMPLATE template0')
}

async function createDatabase(source: string): Promise<TestDatabase> {
  const name = `t_${process.pid}_${Math.random().toString(36).slice(2)}`
  // Without fsync a copy of the files is quicker than one through the log.
  await administer(`CREATE DATABASE ${name} ${source} STRATEGY file_copy`)
  const url = new URL(inject('postgresUrl'))
  url.pathname = name
  return {
    databaseUrl: url.href,
    async drop() {
      await closeSessions(url.href)
      await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}

let admin: pg.Pool | null = null

/** Creates and drops databases on one connection of the worker's, in turn, for opening one takes as long as that. */
async function administer(statement: string): Promise<void> {
  admin ??= adminConnection()
  await admin.query(statement)
}

function adminConnection(): pg.Pool {
  const pool = new pg.Pool({ connectionString: inject('postgresUrl'), max: 1, idleTimeoutMillis: 0 })
  // It ends with the run's server.
  pool.on('error', () => {})
  return pool
}
