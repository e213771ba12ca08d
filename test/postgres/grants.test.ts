import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { findToken } from '../../src/operators/token-format.ts'
import { TABLE_RIGHTS } from '../../src/postgres/program-rights.ts'
import { eventually } from '../support/eventually.ts'
import { jobData, WALLET } from '../support/factories/job-data.ts'
import { openStores } from '../support/factories/stored-orders.ts'
import { buysFile } from '../support/scenes/batch-scene.ts'
import { runCommand, startCommand } from '../support/servers/command.ts'
import { startServer } from '../support/servers/http-server.ts'
import { administer, createRoles, refusalOf, type TestRoles } from '../support/servers/roles.ts'
import { decidePolicy } from '../support/servers/wallet-policy.ts'
import { unnamed } from '../support/unnamed.ts'

let roles: TestRoles
let sandbox: Sandbox
let folder: string
/** The tokens of ani, an admin and maker, and of budi, a checker. */
const tokens = { ani: '', budi: '' }

beforeAll(async () => {
  roles = await createRoles()
  sandbox = await startSandbox({ seed: 1, openWallets: { rupiah: 10 ** 9, goldWeight: 10 ** 7 } })
  folder = await mkdtemp(join(tmpdir(), 'goldpro-roles-'))
  expect(
    await migrate(
      ...['--grant-to', roles.program, '--grant-read-to', roles.reader],
      ...['--grant-operators-to', roles.operators],
    ),
  ).toMatchObject({
    code: 0,
    out: expect.stringContaining(`${roles.program} has the rights that the program needs`),
  })
  const owner = { env: { DATABASE_URL: roles.ownerUrl } }
  tokens.ani = tokenIn(await runCommand(['operator', 'bootstrap', 'ani', '--roles', 'admin', 'maker'], owner))
  const adding = ['operator', 'add', 'budi', '--roles', 'checker', '--note', 'finance']
  tokens.budi = tokenIn(await runCommand(adding, { env: env() }))
})
afterAll(async () => {
  await sandbox?.stop()
  await roles?.drop()
  await rm(folder, { recursive: true, force: true })
})

const migrate = (...options: string[]) =>
  runCommand(['migrate', ...options], { env: { DATABASE_URL: roles.ownerUrl } })

const tokenIn = ({ out, err }: { out: string; err: string }): string => findToken(out) ?? `no token: ${err}`

const env = (by: 'ani' | 'budi' = 'ani') => ({
  GOLDPRO_OPERATOR_TOKEN: tokens[by],
  DATABASE_URL: roles.programUrl,
  GATEWAY_URL: sandbox.url,
  GATEWAY_CHART_PHONE_NUMBER: WALLET,
  WEBHOOK_ALLOW_LOOPBACK: 'true',
})

const goldpro = (...args: string[]) => goldproBy('ani', ...args)

async function goldproBy(by: 'ani' | 'budi', ...args: string[]): Promise<string> {
  const ended = await runCommand(args, { env: env(by), cwd: folder })
  if (ended.code !== 0) throw new Error(`${args.join(' ')}: ${ended.err}`)
  return ended.out
}

const rowsOf = async <Row extends object>(text: string): Promise<Row[]> => {
  const { database } = openStores(roles.programUrl, 1)
  try {
    return await database.run<Row>(unnamed(text), [])
  } finally {
    await database.close()
  }
}

const file = async (name: string, content: string): Promise<string> => {
  await writeFile(join(folder, name), content)
  return name
}

describe("the program's role", () => {
  it('does everything that the product does', async () => {
    const heard: unknown[] = []
    await decidePolicy(roles.programUrl, 'first_use')
    const receiver = await startServer((request, response) => {
      heard.push(request.path)
      response.end()
    })
    const processes = ['worker', 'scheduler'].map((each) => startCommand([each], { env: env(), cwd: folder }))
    try {
      await goldpro('partner', 'add', 'acme')
      await goldpro('webhook', 'add', 'acme', receiver.url, '--note', 'their books')
      await goldproBy('budi', 'approvals', 'approve', '1', '--note', 'they said so by phone')
      const jobs = [jobData.buy({ reference: 'R-1' }), jobData.withdraw({ reference: 'R-2' })]
      const lines = [
        { kind: 'buy', ...jobs[0] },
        { kind: 'withdraw', ...jobs[1] },
      ]
      await goldpro(
        'enqueue',
        await file('orders.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
      )
      await goldpro('batch', 'create', await file('batch.csv', buysFile(3)))
      await goldproBy('budi', 'batch', 'approve', '1')
      await goldpro('batch', 'run', '1')
      const plan = await file(
        'plan.json',
        JSON.stringify({ kind: 'buy', ...jobData.buy(), reference: undefined }),
      )
      await goldpro('plan', 'add', 'savings', '--order', plan, '--monthly', '25')
      await goldpro('plan', 'run-now', 'savings')
      await eventually(async () => {
        const done = await Promise.all([
          rowsOf(`SELECT FROM ops.orders WHERE state = 'succeeded'`),
          rowsOf(`SELECT FROM batches WHERE state = 'finished'`),
          rowsOf('SELECT FROM prices'),
        ])
        const [orders, batches, prices] = done.map((rows) => rows.length)
        return orders === 6 && batches === 1 && prices !== 0 && heard.length > 5 ? true : null
      })
      const statement = await fetch(`${sandbox.url}/sandbox/statement`)
      await goldpro('recon', 'import', await file('statement.csv', await statement.text()))
      await goldpro('recon', 'run')
      expect(await rowsOf('SELECT FROM statement_matches')).toHaveLength(6)
      await goldpro('recon', 'report')
      await goldpro('orders', 'list')
      await goldpro('partner', 'rotate-key', 'acme')
      for (const { child } of processes) child.kill('SIGTERM')
      for (const { ended } of processes) {
        const { code, err } = await ended
        expect({ code, err }).toMatchObject({ code: 0, err: expect.not.stringContaining('42501') })
      }
    } finally {
      for (const { child } of processes) child.kill('SIGKILL')
      await receiver.stop()
    }
  })

  it.each([
    'DROP TABLE orders',
    'ALTER TABLE orders DISABLE TRIGGER ALL',
    'ALTER TABLE attempts DROP COLUMN session_id',
    'CREATE TABLE public.mine (id int)',
    'CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
    'DROP TRIGGER orders_kept ON orders',
    'TRUNCATE rejected_jobs',
    'TRUNCATE orders CASCADE',
    'DELETE FROM orders',
    'DELETE FROM attempts',
    'DELETE FROM order_events',
    'UPDATE order_events SET at = now()',
    `CREATE OR REPLACE FUNCTION order_transitions() RETURNS text[] LANGUAGE sql IMMUTABLE AS 'SELECT NULL::text[]'`,
    'INSERT INTO batch_transitions SELECT * FROM batch_transitions',
    'UPDATE plan_transitions SET from_state = to_state',
    'DELETE FROM proposals',
    `UPDATE installation SET identity = 'declared'`,
    `INSERT INTO operator_acts (xid, at, operator_id, name, proof, token_prefix)
      SELECT pg_current_xact_id()::text::bigint, now(), id, name, 'token', 'a1b2c3d4e5f6' FROM operators`,
    'DELETE FROM operators',
    'DELETE FROM operator_events',
    `INSERT INTO operator_sessions (id, name, proof, ends_at) VALUES (repeat('a', 64), 'ani', 'declared', now())`,
    'UPDATE operator_sessions SET ends_at = now()',
    'UPDATE operator_factors SET last_step = 0',
    `INSERT INTO operator_factors (operator_id, kind, issuer, subject, created_by, takes_two, enrolled_at)
      VALUES (1, 'oidc', 'x', 'y', 1, false, now())`,
    `UPDATE installation SET console_key_hash = repeat('a', 64)`,
    `SELECT open_session(repeat('a', 64), 1, 'ani', 'oidc')`,
    `SELECT append_sign_in_event(1, 'invited', 'ani', 'x', '{}')`,
    'UPDATE statement_lines SET line_number = 1',
    'DELETE FROM drizzle.__drizzle_migrations',
    'INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES (0, 0)',
    'TRUNCATE bullmq.job',
    'CREATE TABLE bullmq.mine (id int)',
    'CREATE SCHEMA mine',
    'SET session_replication_role = replica',
  ])('may not %s', async (statement) => {
    expect(await refusalOf(roles.programUrl, statement)).toMatch(/^(42501|42P01)$/)
  })

  it('is told every table that there is, and nothing else', async () => {
    const tables = await rowsOf<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
    )
    expect(Object.keys(TABLE_RIGHTS).sort(), 'src/postgres/program-rights.ts').toEqual(
      tables.map(({ name }) => name),
    )
    const held = await rowsOf<{ name: string; rights: string[] }>(
      `SELECT table_name AS name, array_agg(privilege_type::text ORDER BY privilege_type) AS rights
       FROM information_schema.role_table_grants WHERE grantee = current_user AND table_schema = 'public'
         AND privilege_type NOT IN ('SELECT', 'MAINTAIN') GROUP BY 1 ORDER BY 1`,
    )
    const given = Object.entries(TABLE_RIGHTS).filter(([, rights]) => rights.length > 0)
    expect(held).toEqual(given.map(([name, rights]) => ({ name, rights: [...rights].sort() })))
  })
})

describe("the role of operations' reports", () => {
  it('reads the views of schema ops, and no table', async () => {
    expect(
      await refusalOf(roles.readerUrl, 'SELECT * FROM ops.orders, ops.in_doubt, ops.open_breaks'),
    ).toBeNull()
    for (const table of ['orders', 'webhook_endpoints', 'partner_keys', 'bullmq.job'])
      expect(await refusalOf(roles.readerUrl, `SELECT * FROM ${table}`), table).toMatch(/42501/)
    expect(await refusalOf(roles.readerUrl, 'UPDATE ops.orders SET state = state')).toMatch(/^(42501|55000)$/)
  })
})

describe('goldpro migrate --grant-to', () => {
  it('takes back what the role had beyond its rights', async () => {
    const { pathname } = new URL(roles.ownerUrl)
    expect(pathname).not.toBe('')
    const { database } = openStores(roles.ownerUrl, 1)
    await database.run(unnamed(`GRANT ALL ON orders TO ${roles.program}`), [])
    await database.close()
    expect(await refusalOf(roles.programUrl, `DELETE FROM orders WHERE false`)).not.toBe('42501')
    expect(await migrate('--grant-to', roles.program)).toMatchObject({ code: 0 })
    expect(await refusalOf(roles.programUrl, `DELETE FROM orders WHERE false`)).toBe('42501')
  })

  it.each([
    ['absent', () => 'no_such_role', 'there is no role no_such_role'],
    ['the owner', () => roles.owner, 'is the role that migrates'],
    ['a superuser', () => 'goldpro', 'is a superuser'],
  ])('refuses a role that is %s', async (_what, role, why) => {
    expect(await migrate('--grant-to', role())).toMatchObject({ code: 2, err: expect.stringContaining(why) })
  })

  it('refuses a role that can become the owner, or that may create tables', async () => {
    await administer(`GRANT ${roles.owner} TO ${roles.reader}`)
    expect(await migrate('--grant-to', roles.reader)).toMatchObject({
      code: 2,
      err: expect.stringContaining('can act as the owner'),
    })
    await administer(`REVOKE ${roles.owner} FROM ${roles.reader}`)
    const { database } = openStores(roles.ownerUrl, 1)
    await database.run(unnamed(`GRANT CREATE ON SCHEMA public TO ${roles.reader}`), [])
    expect(await migrate('--grant-to', roles.reader)).toMatchObject({
      code: 2,
      err: expect.stringContaining('may create tables in schema public'),
    })
    await database.run(unnamed(`REVOKE CREATE ON SCHEMA public FROM ${roles.reader}`), [])
    await database.close()
  })
})

describe('the role of operators', () => {
  it('reads what their commands show, once they are signed in', async () => {
    const asked = (token: string) => ({
      env: { DATABASE_URL: roles.operatorsUrl, GOLDPRO_OPERATOR_TOKEN: token },
    })
    for (const line of [
      'orders list',
      'batch list',
      'plan list',
      'partner list',
      'webhook list',
      'recon report',
    ]) {
      expect(await runCommand(line.split(' '), asked(tokens.budi)), line).toMatchObject({ code: 0 })
      expect(await runCommand(line.split(' '), asked('')), line).toMatchObject({ code: 1 })
    }
    expect(await runCommand(['operator', 'list'], asked(tokens.ani))).toMatchObject({ code: 0 })
  })

  it.each([
    'UPDATE orders SET state = state',
    'UPDATE attempts SET outcome = outcome',
    'INSERT INTO proposals (decision) VALUES (NULL)',
    'UPDATE change_requests SET state = state',
    'INSERT INTO operators (name) VALUES (NULL)',
    'SELECT secret FROM webhook_endpoints',
    'SELECT secret_hash FROM operator_tokens',
  ])('may not %s', async (statement) => {
    expect(await refusalOf(roles.operatorsUrl, statement)).toBe('42501')
  })
})
