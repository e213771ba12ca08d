import type pg from 'pg'
import { openPool, type SessionPurpose } from './pinned-client.ts'
import { StorageError } from './storage-error.ts'

export { StorageError }

/** A statement with a name, so that Postgres plans it once a connection. */
export interface Statement {
  readonly name: string
  readonly text: string
  /** Rows as arrays, and how their values are read: what Drizzle asks for. Otherwise rows are objects, read by pg. */
  readonly rowMode?: 'array'
  readonly types?: pg.CustomTypesConfig
}

/** Runs statements: a pool, or a session inside its transaction. */
export interface StatementRunner {
  /** @throws StorageError */
  run<Row extends object>(statement: Statement, values: readonly unknown[]): Promise<Row[]>
}

/** Runs transactions: the pool, or a session. */
export interface Transactor extends StatementRunner {
  /**
   * Runs several statements in one transaction on one connection: committed when the work returns, rolled back when it
   * throws. A COMMIT whose connection broke is unknown, and throws.
   */
  transaction<T>(work: (runner: StatementRunner) => Promise<T>): Promise<T>
}

/** What the repositories need of Postgres: one statement is one transaction. */
export interface Database extends Transactor {
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly databaseUrl: string
  readonly maxConnections: number
  /** For processes that take orders: short statements that must not get slower with the number of waiting orders. */
  readonly plans?: 'by_key'
  /** Called with errors on idle connections, which no caller awaits. */
  readonly onError: (error: StorageError) => void
}

const STATEMENT_TIMEOUT_MS = 30_000

/** Opens the pool. Connects lazily: the first statement meets an unreachable server. */
export function openDatabase(options: DatabaseOptions): Database {
  const settings = {
    max: options.maxConnections,
    connectionTimeoutMillis: 5_000,
    // A statement that hangs on a dead network must not hold its order without end.
    query_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'goldpro',
  }
  const { plans } = options
  const purpose: SessionPurpose = {
    schema: 'public',
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    ...(plans === undefined ? {} : { plans }),
  }
  const pool = openPool(options.databaseUrl, settings, purpose)
  // Without a listener a server restart would end the process.
  pool.on('error', (error) => options.onError(new StorageError('idle connection', error)))
  return {
    run: runnerOn(pool).run,
    async transaction(work) {
      const client = await connect(pool)
      const runner = runnerOn(client)
      // A checked-out client without a listener ends the process when the server goes away.
      let broken: Error | undefined
      const onBroken = (error: Error) => {
        broken = error
      }
      client.on('error', onBroken)
      try {
        await runner.run(BEGIN, [])
        const result = await work(runner)
        await runner.run(COMMIT, [])
        return result
      } catch (error) {
        await client.query('ROLLBACK').catch((failed: Error) => onBroken(failed))
        throw error
      } finally {
        client.off('error', onBroken)
        client.release(broken)
      }
    },
    close: () => pool.end(),
  }
}

const BEGIN = { name: 'begin', text: 'BEGIN' }
const COMMIT = { name: 'commit', text: 'COMMIT' }

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect()
  } catch (error) {
    throw new StorageError('connect', error)
  }
}

const RUNNERS = new WeakMap<pg.Pool | pg.PoolClient, StatementRunner>()

/** One runner a connection, for what is prepared is prepared on a runner. */
function runnerOn(queryable: pg.Pool | pg.PoolClient): StatementRunner {
  const known = RUNNERS.get(queryable)
  if (known !== undefined) return known
  const runner: StatementRunner = {
    async run<Row extends object>(statement: Statement, values: readonly unknown[]) {
      try {
        return (await queryable.query<Row>({ ...statement, values: [...values] } as pg.QueryConfig)).rows
      } catch (error) {
        throw new StorageError(statement.name, error)
      }
    },
  }
  RUNNERS.set(queryable, runner)
  return runner
}
