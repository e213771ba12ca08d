import pg from 'pg'
import { type Statement, StorageError } from './pool.ts'

/** One connection for set-based work that takes minutes: statements run one after the other, without a time-out. */
export interface Session {
  /** @throws StorageError */
  run<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>
  /** Runs the work in a transaction: committed when it returns, rolled back when it throws. */
  transaction<T>(work: () => Promise<T>): Promise<T>
  /** The connection itself, for COPY. */
  readonly client: pg.Client
}

/** What Postgres shows of a session in pg_stat_activity. */
export const SESSION_NAME = 'goldpro session'

/** Opens a session for one piece of work and closes it after. A lost connection ends its transaction. */
export async function withSession<T>(databaseUrl: string, use: (session: Session) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: SESSION_NAME,
  })
  // A checked-out client without a listener ends the process when the server goes away.
  client.on('error', () => {})
  await client.connect().catch((error: unknown) => {
    throw new StorageError('connect', error)
  })
  try {
    return await use(sessionOn(client))
  } finally {
    await client.end()
  }
}

function sessionOn(client: pg.Client): Session {
  const run = async <Row extends object>({ name, text }: Statement, values: readonly unknown[] = []) => {
    try {
      // Not prepared: plans of large joins must see the sizes and values of the day.
      return (await client.query<Row>({ text, values: [...values] })).rows
    } catch (error) {
      throw new StorageError(name, error)
    }
  }
  return {
    client,
    run,
    async transaction(work) {
      await run({ name: 'begin', text: 'BEGIN' })
      try {
        const result = await work()
        await run({ name: 'commit', text: 'COMMIT' })
        return result
      } catch (error) {
        await client.query('ROLLBACK').catch(() => {})
        throw error
      }
    },
  }
}
