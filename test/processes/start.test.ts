import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFreePort } from '../../src/dev/embedded-postgres/server.ts'
import { type Sandbox, startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { oneRow, openStores } from '../support/factories/stored-orders.ts'
import { runCommand, startCommand } from '../support/servers/command.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'
import { startTransactionPooler } from '../support/servers/transaction-pooler.ts'
import { unnamed } from '../support/unnamed.ts'

let test: TestDatabase
let sandbox: Sandbox
/** Takes connections and says nothing. */
let silent: Server

beforeAll(async () => {
  test = await createTestDatabase()
  sandbox = await startSandbox({ seed: 1, openWallets: null })
  silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
})

afterAll(async () => {
  silent?.close()
  await sandbox?.stop()
  await test?.drop()
})

const changed = (
  parts: Partial<Record<'pathname' | 'username' | 'password' | 'search' | 'hostname', string>>,
) => Object.assign(new URL(test.databaseUrl), parts).href

async function list(databaseUrl: string) {
  return await runCommand(['orders', 'list'], { env: { DATABASE_URL: databaseUrl } })
}

describe('Postgres that refuses is told with what to do', () => {
  it.each([
    ['no such database', { pathname: '/nowhere' }, 2, /no such database.*3D000/],
    ['a wrong password', { password: 'Rahasia' }, 2, /correct the user and the password/],
    ['no TLS', { search: '?sslmode=require' }, 2, /offers no TLS/],
    ['an unknown mode', { search: '?sslmode=prefer' }, 1, /sslmode in DATABASE_URL/],
    ['an unknown host', { hostname: 'goldpro.invalid' }, 1, /host of DATABASE_URL/],
  ])('%s', async (_what, change, code, line) => {
    const ended = await list(changed(change))
    expect(ended.code).toBe(code)
    expect(ended.err).toMatch(line)
    expect(ended.err.trim().split('\n')).toHaveLength(1)
    expect(ended.err).not.toMatch(/Rahasia|goldpro\.invalid/)
  })

  it('a role without rights', async () => {
    const stores = openStores(test.databaseUrl, 1)
    const role = `r_${process.pid}_${Date.now()}`
    await stores.database.run(unnamed(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`), [])
    const ended = await list(changed({ username: role, password: 'x' }))
    expect(ended).toMatchObject({ code: 2, err: expect.stringMatching(/lacks a right.*42501/) })
    await oneRow(stores.database, `SELECT 1 FROM pg_roles WHERE rolname = '${role}'`)
    await stores.database.run(unnamed(`DROP ROLE ${role}`), [])
    await stores.database.close()
  })

  it.each(['orders list', 'migrate', 'up'])(
    'a pooler of transactions, before %s does anything',
    async (line) => {
      const pooler = await startTransactionPooler(test.databaseUrl)
      const ended = await runCommand(line.split(' '), { env: { DATABASE_URL: pooler.url } })
      pooler.stop()
      expect(ended).toMatchObject({
        code: 2,
        err: expect.stringContaining('use session pooling or a direct'),
      })
    },
  )
})

describe('a signal while a program starts', () => {
  it.each(['worker', 'web', 'scheduler', 'up'])('ends %s, which waits for Postgres', async (name) => {
    const { port } = silent.address() as AddressInfo
    const connected = once(silent, 'connection')
    const env = { DATABASE_URL: `postgres://u:p@127.0.0.1:${port}/db`, GATEWAY_URL: sandbox.url }
    const command = startCommand([name], { env })
    await connected
    command.child.kill('SIGTERM')
    expect(await command.ended).toMatchObject({
      code: 143,
      err: 'goldpro: ended by SIGTERM before it had started or finished\n',
    })
  })
})

describe('the probe of', () => {
  it.each(['worker', 'scheduler'])('a %s says whether it can work', async (name) => {
    const port = await findFreePort()
    const env = { DATABASE_URL: test.databaseUrl, GATEWAY_URL: sandbox.url, METRICS_PORT: String(port) }
    const command = startCommand([name], { env })
    await Promise.race([command.printed(`${name} started`), command.ended])
    const ask = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method })
    expect(await (await ask('/healthz')).json()).toEqual({ status: 'ok' })
    const ready = await ask('/readyz')
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { database: 'up', migrations: 'current', queue: 'up' },
    ])
    const headed = await ask('/readyz', 'HEAD')
    expect([headed.status, await headed.text()]).toEqual([200, ''])
    const posted = await ask('/metrics', 'POST')
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    command.child.kill('SIGTERM')
    expect((await command.ended).code).toBe(0)
  })
})
