import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkServer, UnfitServerError } from '../../src/postgres/check-server.ts'
import { connectionOf } from '../../src/postgres/connection.ts'
import { migrateDatabase } from '../../src/postgres/migrate.ts'
import { openPool, UNBOUNDED } from '../../src/postgres/pinned-client.ts'
import { withSession } from '../../src/postgres/session.ts'
import { openQueue } from '../../src/queue/backend.ts'
import { wakeOrders } from '../../src/queue/order-worker.ts'
import { migrateQueue } from '../../src/queue/probe.ts'
import { anAccepted, anOrderIn, oneRow, openStores } from '../support/factories/stored-orders.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { startTransactionPooler } from '../support/servers/transaction-pooler.ts'
import { unnamed } from '../support/unnamed.ts'

let test: Awaited<ReturnType<typeof createTestDatabase>>
let database: string

/** What a database's owner may have set for whoever connects. */
const SETTINGS = {
  datestyle: "'SQL, DMY'",
  timezone: "'America/St_Johns'",
  intervalstyle: "'sql_standard'",
  extra_float_digits: '-5',
  bytea_output: "'escape'",
  default_transaction_isolation: "'serializable'",
  default_transaction_read_only: "'on'",
  standard_conforming_strings: "'off'",
  search_path: "'evil'",
  statement_timeout: "'9s'",
  lock_timeout: "'9s'",
  synchronous_commit: "'off'",
}

beforeAll(async () => {
  test = await createTestDatabase()
  database = new URL(test.databaseUrl).pathname.slice(1)
  const admin = openStores(test.databaseUrl, 1)
  await oneRow(admin.database, `SELECT 1`).catch(() => {})
  await admin.database.run(unnamed('CREATE SCHEMA evil'), [])
  await admin.database.run(unnamed('CREATE TABLE evil.orders (id int)'), [])
  for (const [name, value] of Object.entries(SETTINGS))
    await admin.database.run(unnamed(`ALTER DATABASE "${database}" SET ${name} = ${value}`), [])
  await admin.database.close()
})

afterAll(async () => {
  await test?.drop()
})

const ASKED = `SELECT ${Object.keys(SETTINGS)
  .map((name) => `current_setting('${name}') AS ${name}`)
  .join(', ')}`
const PINNED = {
  datestyle: 'ISO, MDY',
  timezone: 'UTC',
  intervalstyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  standard_conforming_strings: 'on',
  search_path: 'public',
  lock_timeout: '0',
  synchronous_commit: 'on',
}

describe('a database whose defaults are others', () => {
  it('has no say in the pool’s sessions', async () => {
    const stores = openStores(test.databaseUrl, 2)
    expect(await oneRow(stores.database, ASKED)).toEqual({ ...PINNED, statement_timeout: '30s' })
    await stores.database.close()
  })

  it('has no say in a long session', async () => {
    const [row] = await withSession(test.databaseUrl, (session) => session.run(unnamed(ASKED)))
    expect(row).toEqual({ ...PINNED, statement_timeout: '0' })
  })

  it('is migrated, takes orders, and gives their times back', async () => {
    expect(await checkServer(test.databaseUrl)).toEqual({ isMigrated: true })
    await migrateDatabase(test.databaseUrl)
    const stores = openStores(test.databaseUrl, 2)
    const deadline = '2031-02-03T04:05:06.700Z'
    const [order] = await stores.store.load([await anAccepted(stores, 'buy', { deadline })])
    expect(order?.deadlineAt.toISOString()).toBe(deadline)
    expect(await stores.store.load([await anOrderIn(stores, 'succeeded')])).toMatchObject([
      { state: 'succeeded' },
    ])
    await stores.database.close()
  })

  it('has its queue in its own schema', async () => {
    await migrateQueue(test.databaseUrl)
    const queue = openQueue({ redisUrl: null, databaseUrl: test.databaseUrl }, () => {})
    await wakeOrders(queue, ['00000000-0000-4000-8000-000000000001'], 1_000)
    expect(await queue.getJobCounts()).toMatchObject({ waiting: 1 })
    await queue.close()
  })
})

describe('a transaction in which nothing happens', () => {
  it.each([
    [
      'ends after a minute on an order’s path, so that a vanished machine keeps nothing locked',
      'by_key',
      '1min',
    ],
    ['stays open elsewhere, where a file may be slow', undefined, '0'],
  ] as const)('%s', async (_name, plans, expected) => {
    const purpose = { ...UNBOUNDED, ...(plans !== undefined && { plans }) }
    const pool = openPool(test.databaseUrl, { max: 1 }, purpose)
    try {
      const { rows } = await pool.query('SHOW idle_in_transaction_session_timeout')
      expect(rows).toEqual([{ idle_in_transaction_session_timeout: expected }])
    } finally {
      await pool.end()
    }
  })
})

describe('a pooler of transactions', () => {
  it.each([8, 1])('with %s server connections is refused in one sentence', async (size) => {
    const pooler = await startTransactionPooler(test.databaseUrl, { size })
    const checked = checkServer(pooler.url)
    await expect(checked).rejects.toThrow(UnfitServerError)
    await expect(checked).rejects.toThrow(/session pooling or a direct connection/)
    pooler.stop()
  })
})

describe('a URL’s TLS', () => {
  const of = (query: string) => connectionOf(`postgres://u:p@h/db${query}`)
  it.each([
    ['', false],
    ['?sslmode=disable', false],
    ['?sslmode=require', {}],
    ['?sslmode=verify-full', {}],
    ['?ssl=true', {}],
    ['?sslmode=no-verify', { rejectUnauthorized: false }],
    ['?sslmode=verify-ca', { checkServerIdentity: expect.any(Function) }],
  ])('%s is read without pg', (query, ssl) => {
    expect(of(query)).toEqual({ connectionString: 'postgres://u:p@h/db', ssl })
  })

  it('keeps the other parameters', () => {
    expect(of('?application_name=x&sslmode=require').connectionString).toBe(
      'postgres://u:p@h/db?application_name=x',
    )
  })

  it.each(['prefer', 'allow', 'REQUIRE', ''])(
    'sslmode=%s is refused, for it may mean no encryption',
    (mode) => {
      expect(() => of(`?sslmode=${mode}`)).toThrow(/sslmode in DATABASE_URL must be one of/)
    },
  )

  it('names a file that cannot be read by its parameter only', () => {
    expect(() => of('?sslmode=require&sslrootcert=/no/such')).toThrow(
      /^sslrootcert in DATABASE_URL must be a file that can be read$/,
    )
  })
})

describe('a server that goes away as a connection opens', () => {
  const OK = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49])
  const fields = Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0')
  const FATAL = Buffer.concat([Buffer.from([0x45, 0, 0, 0, fields.length + 4]), fields])

  it('fails the statement that waits for the connection, and does not end the process', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      // In one packet: the error is read before the client that has just connected sends anything.
      socket.once('data', () => socket.end(Buffer.concat([OK, FATAL])))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const pool = openPool(`postgres://u:p@127.0.0.1:${port}/db`, { max: 1 }, UNBOUNDED)
    pool.on('error', () => {})
    await expect(pool.query('SELECT 1')).rejects.toThrow()
    await pool.end()
    server.close()
    await once(server, 'close')
  })
})
