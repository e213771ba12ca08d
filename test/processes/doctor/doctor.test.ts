import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFreePort } from '../../../src/dev/embedded-postgres/server.ts'
import { beat } from '../../../src/risk/heartbeat.ts'
import { openStores } from '../../support/factories/stored-orders.ts'
import { runCommand } from '../../support/servers/command.ts'
import { startServer } from '../../support/servers/http-server.ts'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../../support/servers/postgres.ts'
import { startOwnRedis, testRedis } from '../../support/servers/redis.ts'
import { createRoles, type TestRoles } from '../../support/servers/roles.ts'
import { sql } from '../../support/servers/sessions.ts'

interface Line {
  readonly check: string
  readonly is: string
  readonly about: string
  readonly remedy: string | null
}

let test: TestDatabase
let folder: string
beforeAll(async () => {
  test = await createTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'goldpro-doctor-'))
})
afterAll(async () => {
  await test?.drop()
  await rm(folder, { recursive: true, force: true })
})

async function doctor(env: Record<string, string>) {
  const ended = await runCommand(['doctor', '--json'], { env, cwd: folder })
  const lines = ended.out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
  const of = (check: string) => lines.find((line) => line.check === check)
  return { ...ended, lines, of }
}

const here = (env: Record<string, string> = {}) => doctor({ DATABASE_URL: test.databaseUrl, ...env })
const failing = (about: string, remedy: string) => ({
  is: 'failed',
  about: expect.stringContaining(about),
  remedy: expect.stringContaining(remedy),
})

describe('goldpro doctor', () => {
  it('ends with 0 where an installation has everything, and sends the gateway nothing', async () => {
    const { database } = openStores(test.databaseUrl, 1)
    await beat(database, { kind: 'worker', name: 'w' })
    await beat(database, { kind: 'scheduler', name: 's' })
    await database.close()
    let requests = 0
    const gateway = await startServer(() => {
      requests += 1
    })
    const found = await here({ GATEWAY_URL: gateway.url })
    expect(found).toMatchObject({ code: 0, err: '' })
    expect(found.lines.map(({ check }) => check)).toEqual([
      ...['settings', 'database', 'migrations', 'role', 'clock', 'recovery', 'worker', 'scheduler'],
      ...['queue', 'gateway', 'disk'],
    ])
    expect(found.of('database')?.about).toMatch(/^PostgreSQL \d+/)
    expect(found.of('queue')).toMatchObject({ is: 'ok', about: expect.stringContaining('in Postgres') })
    // Tests connect as a superuser.
    expect(found.of('role')).toMatchObject({ is: 'warning', remedy: expect.stringContaining('--grant-to') })
    expect(requests).toBe(0)
    await gateway.stop()
    const text = await runCommand(['doctor'], { env: { DATABASE_URL: test.databaseUrl }, cwd: folder })
    expect(text.out).toMatch(/^ok {7}settings {4}1 set/)
    expect(text.out).toContain('→ export GATEWAY_URL=https://…')
  })

  it('says which settings are wrong, checks the rest, and prints no secret', async () => {
    await writeFile(join(folder, 'redis-url'), 'redis://:file-secret@127.0.0.1:1\n')
    const found = await here({
      WORKER_CONCURRENCY: 'many-secret',
      GATEWAY_CLIENT_SECRET_FILE: '/nowhere',
      REDIS_URL_FILE: join(folder, 'redis-url'),
    })
    expect(found.code).toBe(1)
    expect(found.of('settings')).toMatchObject(failing('WORKER_CONCURRENCY must be', 'correct them'))
    expect(found.of('settings')?.about).toContain('GATEWAY_CLIENT_SECRET_FILE must name a file')
    expect(found.of('database')?.is).toBe('ok')
    expect(found.of('queue')).toMatchObject(failing('cannot reach Redis at 127.0.0.1:1', 'REDIS_URL'))
    expect(found.out + found.err).not.toMatch(/file-secret|many-secret/)
  })

  it('stops at settings that contradict each other', async () => {
    const found = await here({ GATEWAY_URL: 'http://127.0.0.1:1', GATEWAY_CLIENT_ID: 'id' })
    expect(found.lines).toEqual([
      expect.objectContaining(failing('GATEWAY_CLIENT_SECRET must be set when GATEWAY_CLIENT_ID is', '')),
    ])
  })

  it('says which settings come from files, and what may be a misspelt one', async () => {
    const file = join(folder, 'database-url')
    await writeFile(file, `${test.databaseUrl}\n`)
    const fromFile = await doctor({ DATABASE_URL_FILE: file })
    expect(fromFile.of('settings')).toMatchObject({
      is: 'ok',
      about: expect.stringContaining('from files: DATABASE_URL'),
    })
    expect((await here({ GATEWAY_TIMOUT_MS: '5' })).of('settings')).toMatchObject({
      is: 'warning',
      about: 'GATEWAY_TIMOUT_MS is no setting: did you mean GATEWAY_TIMEOUT_MS?',
    })
  })

  it('says that the database cannot be reached, and does not check what is in it', async () => {
    const found = await doctor({ DATABASE_URL: `postgres://u:pass-word@127.0.0.1:${await findFreePort()}/x` })
    expect(found).toMatchObject({ code: 1, err: expect.stringContaining('failed: database\n') })
    expect(found.of('database')).toMatchObject(failing('cannot reach Postgres at 127.0.0.1', 'DATABASE_URL'))
    const unknown = { is: 'warning', about: expect.stringMatching(/^not checked: see/) }
    for (const check of ['migrations', 'role', 'clock', 'recovery', 'worker', 'scheduler', 'queue'])
      expect(found.of(check)).toMatchObject(unknown)
    expect(found.out + found.err).not.toContain('pass-word')
  })

  it('names the migration, also of the queue, in an empty database', async () => {
    const empty = await createEmptyDatabase()
    const found = await doctor({ DATABASE_URL: empty.databaseUrl })
    expect(found.of('migrations')).toMatchObject(failing('lacks tables', 'goldpro migrate'))
    expect(found.of('role')).toMatchObject({ is: 'warning', about: 'not checked: see migrations' })
    expect(found.of('clock')?.is).toBe('ok')
    await empty.drop()
  })

  it('fails where the gateway does not take connections', async () => {
    const found = await here({ GATEWAY_URL: `http://127.0.0.1:${await findFreePort()}` })
    expect(found.of('gateway')).toMatchObject(failing('cannot reach the gateway', 'GATEWAY_URL'))
  })

  it('fails where nobody works, and where the database was restored', async () => {
    const other = await createTestDatabase()
    const nobody = await doctor({ DATABASE_URL: other.databaseUrl })
    expect(nobody.of('worker')).toMatchObject(failing('none runs', 'goldpro worker'))
    expect(nobody.of('scheduler')).toMatchObject(failing('none runs', 'goldpro scheduler'))
    // The session is kept for what follows, and its database is dropped.
    await sql(other.databaseUrl, `SET session_replication_role = 'replica'`)
    await sql(
      other.databaseUrl,
      `WITH gone AS (SELECT set_config('session_replication_role', 'replica', true)),
        dead AS (INSERT INTO process_heartbeats (kind, name, started_at, seen_at)
          VALUES ('worker', 'w', now() - interval '2 days', now() - interval '1 day') RETURNING 1)
        INSERT INTO database_identity (identity) SELECT 'another' FROM gone, dead
        ON CONFLICT (id) DO UPDATE SET identity = 'another'`,
    )
    const restored = await doctor({ DATABASE_URL: other.databaseUrl })
    expect(restored.of('recovery')).toMatchObject(failing('restored', 'goldpro recover orders'))
    expect(restored.of('worker')).toMatchObject(failing('1 silent, none alive', 'goldpro worker'))
    await other.drop()
  })
})

describe("the doctor's check of the role", () => {
  let roles: TestRoles
  beforeAll(async () => {
    roles = await createRoles()
    const grants = ['--grant-to', roles.program, '--grant-operators-to', roles.operators]
    await runCommand(['migrate', ...grants], { env: { DATABASE_URL: roles.ownerUrl } })
  })
  afterAll(() => roles?.drop())

  const role = async (url: string) => (await doctor({ DATABASE_URL: url })).of('role')

  it('is content with exactly what migrate has granted', async () => {
    expect(await role(roles.programUrl)).toMatchObject({ is: 'ok', remedy: null })
    expect((await role(roles.operatorsUrl))?.is).toBe('warning')
    expect(await role(roles.ownerUrl)).toMatchObject({
      is: 'warning',
      about: expect.stringContaining('owns the tables'),
    })
  })

  it('fails where it may change what it must not, even a column of it, or lacks what it needs', async () => {
    await sql(roles.ownerUrl, `GRANT UPDATE (reason) ON order_events TO ${roles.program}`)
    expect(await role(roles.programUrl)).toMatchObject(
      failing('may do what it must not: UPDATE of order_events', `--grant-to ${roles.program}`),
    )
    await sql(roles.ownerUrl, `REVOKE UPDATE (reason) ON order_events FROM ${roles.program}`)
    await sql(roles.ownerUrl, `REVOKE UPDATE ON orders FROM ${roles.program}`)
    expect(await role(roles.programUrl)).toMatchObject(failing('lacks UPDATE of orders', 'goldpro migrate'))
  })
})

const program = testRedis()
it.skipIf('skip' in program)(
  `the doctor fails where Redis evicts jobs${'skip' in program ? ` (${program.skip})` : ''}`,
  async () => {
    const redis = await startOwnRedis()
    const queue = async () => (await here({ REDIS_URL: redis.url })).of('queue')
    expect(await queue()).toMatchObject({ is: 'warning', remedy: expect.stringContaining('appendonly yes') })
    const { Redis } = await import('ioredis')
    const client = new Redis(redis.url)
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await client.quit()
    expect(await queue()).toMatchObject(failing('may evict jobs', 'CONFIG SET maxmemory-policy noeviction'))
    await redis.stop()
  },
)
