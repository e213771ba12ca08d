import pg from 'pg'
import { connectionOf } from './connection.ts'

/** The settings of a session that depend on its purpose. */
export interface SessionPurpose {
  /** The schema that unqualified names are looked up in. */
  readonly schema: 'public' | 'bullmq'
  /** 0: none. */
  readonly statementTimeoutMs: number
  /** How rows are reached; see `BY_KEY`. By what Postgres takes for cheapest, when it is not said. */
  readonly plans?: 'by_key'
}

/**
 * Settings under which every statement of an order's path reaches its rows by a key. Tables that were empty when
 * Postgres last looked, and joins over arrays whose length it guesses, make a scan of every waiting order look cheap:
 * one intent took 20, 48 and 190 ms with 2,000, 10,000 and 30,000 orders waiting before these settings, and a median of
 * 1.0, 1.2 and 1.5 ms with 100, 10,000 and 30,000 with them (two cores).
 * A generic plan also keeps Postgres from proving that a partial index of all waiting orders would serve.
 */
const BY_KEY = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_material: 'off',
  // Joins what a key finds with all of a partial index, when Postgres takes that index for small.
  enable_bitmapscan: 'off',
  // Before PostgreSQL 18 a plan that cannot do without one of these counts as dear, and would be compiled.
  jit: 'off',
}

/**
 * Transactions on an order's path take milliseconds. Without this bound, a machine that vanishes in one would keep the rows and
 * the turns that it holds until TCP gives up, which takes hours.
 */
const LONGEST_PAUSE_ON_ORDERS_PATH = '60s'

/** Our tables; statements end by themselves or with their session. */
export const UNBOUNDED: SessionPurpose = { schema: 'public', statementTimeoutMs: 0 }

/**
 * The settings that the program depends on, whatever the defaults of the role or the database: the format of values, what a
 * transaction sees, where names are looked up, and that an acknowledged commit survives a crash of the server.
 */
function pinsOf({ schema, statementTimeoutMs, plans }: SessionPurpose): Readonly<Record<string, string>> {
  return {
    datestyle: 'ISO, MDY',
    timezone: 'UTC',
    intervalstyle: 'postgres',
    extra_float_digits: '1',
    bytea_output: 'hex',
    client_encoding: 'UTF8',
    standard_conforming_strings: 'on',
    search_path: schema,
    default_transaction_isolation: 'read committed',
    default_transaction_read_only: 'off',
    default_transaction_deferrable: 'off',
    statement_timeout: String(statementTimeoutMs),
    lock_timeout: '0',
    idle_in_transaction_session_timeout: plans === 'by_key' ? LONGEST_PAUSE_ON_ORDERS_PATH : '0',
    ...(plans === 'by_key' ? BY_KEY : {}),
  }
}

/** Sets everything in one round trip. It is a statement, because poolers refuse most start-up parameters. */
function pinStatement(purpose: SessionPurpose): string {
  const pins = Object.entries(pinsOf(purpose)).map(
    ([name, value]) => `set_config('${name}', '${value}', false)`,
  )
  const durable = `set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
    ELSE current_setting('synchronous_commit') END, false)`
  return `SELECT ${[...pins, durable].join(', ')}`
}

type Connected = (error: Error | null) => void

/**
 * A class of clients whose sessions have these settings once they are connected. Its clients listen for errors from the
 * start: pg's pool adds its listener after `connect`, and a server that stops before would end the process. A pending
 * statement fails with its own error.
 */
export function pinnedClient(purpose: SessionPurpose): typeof pg.Client {
  const statement = pinStatement(purpose)
  return class PinnedClient extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super(config)
      this.on('error', () => {})
    }

    override connect(): Promise<pg.Client>
    override connect(callback: Connected): void
    // pg's pool passes a callback; other callers await the promise.
    override connect(callback?: Connected): Promise<pg.Client> | undefined {
      const connected = super.connect().then(async () => {
        await super.query(statement)
        return this
      })
      if (callback === undefined) return connected
      connected.then(
        () => callback(null),
        (error: Error) => callback(error),
      )
      return undefined
    }
  }
}

/** A client of one pinned session, not yet connected. */
export function openClient(
  databaseUrl: string,
  config: Omit<pg.ClientConfig, 'connectionString'> = {},
  purpose: SessionPurpose = UNBOUNDED,
): pg.Client {
  const Client = pinnedClient(purpose)
  return new Client({ ...connectionOf(databaseUrl), connectionTimeoutMillis: 5_000, ...config })
}

/** A pool of pinned sessions. */
export function openPool(
  databaseUrl: string,
  config: Omit<pg.PoolConfig, 'connectionString'>,
  purpose: SessionPurpose,
): pg.Pool {
  return new pg.Pool({
    ...connectionOf(databaseUrl),
    ...config,
    Client: pinnedClient(purpose),
  } as pg.PoolConfig)
}
