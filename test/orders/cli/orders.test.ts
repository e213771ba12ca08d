import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFreePort } from '../../../src/dev/embedded-postgres/server.ts'
import { type Sandbox, startSandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { eventually } from '../../support/eventually.ts'
import { jobData, KTP, RECIPIENT, WALLET } from '../../support/factories/job-data.ts'
import { runCommand, startCommand } from '../../support/servers/command.ts'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../../support/servers/postgres.ts'

let test: TestDatabase
let empty: TestDatabase
let sandbox: Sandbox
let folder: string
let nobody: string

beforeAll(async () => {
  test = await createTestDatabase()
  empty = await createEmptyDatabase()
  sandbox = await startSandbox({ seed: 1, openWallets: { rupiah: 10 ** 9, goldWeight: 10 ** 7 } })
  // A folder in which no `goldpro up` runs.
  folder = await mkdtemp(join(tmpdir(), 'goldpro-cli-'))
  nobody = `127.0.0.1:${await findFreePort()}`
})

afterAll(async () => {
  await sandbox?.stop()
  await test?.drop()
  await empty?.drop()
  await rm(folder, { recursive: true, force: true })
})

const COMMANDS = [
  'demo',
  'up',
  'migrate',
  'worker',
  'sandbox',
  'enqueue',
  'orders list',
  'orders show',
  'orders cancel',
  'orders hold',
  'orders release',
  'orders resolve',
  'orders approve',
  'orders decline',
  'scheduler',
  'plan add',
  'plan list',
  'plan show',
  'plan pause',
  'plan resume',
  'plan remove',
  'plan run-now',
  'plan history',
  'prices',
  'recon run',
  'recon breaks list',
  'recon breaks show',
  'recon breaks assign',
  'recon breaks note',
  'recon breaks propose',
  'recon breaks approve',
  'recon breaks reject',
  'gateway register',
  'gateway region',
  'gateway address',
  'gateway chart',
]

it.concurrent.each(COMMANDS)('%s --help shows an example and ends with 0', async (command) => {
  const { code, out } = await runCommand([...command.split(' '), '--help'])
  expect(code).toBe(0)
  expect(out).toContain('Example')
})

describe('what is wrong is said in one line', () => {
  const place = () => ({ DATABASE_URL: test.databaseUrl, GATEWAY_URL: sandbox.url })
  type Case = [what: string, args: string[], env: () => Record<string, string>, code: number, line: RegExp]
  const cases: Case[] = [
    ['no database', ['orders', 'list'], () => ({}), 2, /^goldpro: DATABASE_URL is not set/],
    [
      'a bad database URL',
      ['orders', 'list'],
      () => ({ DATABASE_URL: 'mysql://x' }),
      2,
      /^goldpro: DATABASE_URL must be a URL/,
    ],
    [
      'an unreachable database',
      ['orders', 'list'],
      () => ({ DATABASE_URL: `postgres://u:secret@${nobody}/x` }),
      1,
      /^goldpro: cannot reach Postgres at .*ECONNREFUSED.*: start it, or set DATABASE_URL$/,
    ],
    [
      'an unreachable database to migrate',
      ['migrate'],
      () => ({ DATABASE_URL: `postgres://${nobody}/x` }),
      1,
      /^goldpro: cannot reach Postgres/,
    ],
    [
      'a database without tables',
      ['orders', 'list'],
      () => ({ DATABASE_URL: empty.databaseUrl }),
      1,
      /run `goldpro migrate`$/,
    ],
    [
      'a worker without a gateway',
      ['worker'],
      () => ({ DATABASE_URL: test.databaseUrl }),
      2,
      /^goldpro: GATEWAY_URL is not set/,
    ],
    [
      'a worker whose gateway is away',
      ['worker'],
      () => ({ ...place(), GATEWAY_URL: `http://${nobody}` }),
      1,
      /^goldpro: cannot reach the gateway at .*ECONNREFUSED.*GATEWAY_URL$/,
    ],
    [
      'a worker whose Redis is away',
      ['worker'],
      () => ({ ...place(), REDIS_URL: `redis://${nobody}` }),
      1,
      /^goldpro: cannot reach Redis at .*: start it, or set REDIS_URL$/,
    ],
    [
      'an enqueuing without its Redis',
      ['enqueue', '-'],
      () => ({ REDIS_URL: `redis://${nobody}` }),
      1,
      /^goldpro: cannot reach Redis/,
    ],
    [
      'a bad number',
      ['worker'],
      () => ({ ...place(), MAX_REQUOTES: 'many' }),
      2,
      /^goldpro: MAX_REQUOTES must be a whole number from 0 to 100$/,
    ],
    [
      'half a credential',
      ['worker'],
      () => ({ ...place(), GATEWAY_CLIENT_ID: 'id' }),
      2,
      /^goldpro: GATEWAY_CLIENT_SECRET must be set when GATEWAY_CLIENT_ID is$/,
    ],
    [
      'a chart without a gateway',
      ['gateway', 'chart', WALLET],
      () => ({}),
      2,
      /^goldpro: GATEWAY_URL is not set/,
    ],
    ['an unknown order', ['orders', 'show', 'acme/none'], place, 1, /^goldpro: there is no order acme\/none/],
    ['a file that is not there', ['enqueue', 'none.jsonl'], place, 2, /^goldpro: cannot read none\.jsonl/],
    [
      'a resolution that says nothing',
      ['orders', 'resolve', 'x', '--note', 'n', '--evidence', 'e'],
      place,
      2,
      /^goldpro: say exactly one of/,
    ],
  ]

  it.concurrent.each(cases)('%s', async (_what, args, env, code, line) => {
    const ended = await runCommand(args, { env: env(), cwd: folder })
    expect(ended.err.trimEnd()).toMatch(line)
    expect(ended.err.trimEnd().split('\n')).toHaveLength(1)
    expect(ended.err).not.toContain('secret')
    expect(ended).toMatchObject({ code, out: '' })
  })

  it.concurrent.each([
    ['an unknown command', ['fly']],
    ['an unknown option', ['worker', '--fast']],
    ['a missing argument', ['enqueue']],
    ['a missing note', ['orders', 'cancel', 'x']],
    ['a state that does not exist', ['orders', 'list', '--state', 'lost']],
    ['a fault that does not exist', ['sandbox', '--fault', 'nonsense=1']],
  ])('%s is wrong usage: 2', async (_what, args) => {
    const { code, err } = await runCommand(args, { cwd: folder })
    expect(code).toBe(2)
    expect(err).toMatch(/--help/)
  })
})

describe('orders from the shell', () => {
  const env = () => ({ DATABASE_URL: test.databaseUrl, GATEWAY_URL: sandbox.url })
  const goldpro = (args: string[], input = '') => runCommand(args, { env: env(), cwd: folder, input })

  it('are refused line by line, and then none is added', async () => {
    const lines = ['{"kind":"buy"}', 'nonsense', '', JSON.stringify({ kind: 'buy', ...jobData.buy() }), '[1]']
    const { code, err } = await goldpro(['enqueue', '-'], lines.join('\n'))
    expect(code).toBe(1)
    expect(err).toMatch(/nothing was enqueued: 3 bad lines/)
    expect(err).toMatch(/line 1: partner: /)
    expect(err).toMatch(/line 2: not JSON/)
    expect(err).toMatch(/line 5: data: must be an object/)
  })

  it('are enqueued, worked off by a worker until SIGTERM, listed and told, with nobody readable', async () => {
    const orders = [
      { kind: 'buy', ...jobData.buy({ reference: 'cli-buy' }) },
      { kind: 'sell', ...jobData.sell({ reference: 'cli-sell' }) },
      { kind: 'transfer', ...jobData.transfer({ reference: 'cli-transfer' }) },
      { kind: 'withdraw', ...jobData.withdraw({ reference: 'cli-withdraw' }) },
    ]
    const enqueued = await goldpro(
      ['enqueue', '-', '--json'],
      orders.map((order) => JSON.stringify(order)).join('\n'),
    )
    expect(enqueued).toMatchObject({ code: 0, out: '{"enqueued":4}\n' })
    sandbox.setFault('reply_lost', { next: 1 })
    const worker = startCommand(['worker'], {
      // They are of one wallet, and one becomes a doubt.
      env: { ...env(), LOG_LEVEL: 'trace', WORKER_CONCURRENCY: '1', LANE_DEBITS_DURING_DOUBT: 'continue' },
      cwd: folder,
    })
    await worker.printed('worker started')
    const listed = await eventually(async () => {
      const { out } = await goldpro(['orders', 'list'])
      return (out.match(/succeeded|in_doubt/g) ?? []).length < 4 ? null : out
    })
    worker.child.kill('SIGTERM')
    const { code, err, out } = await worker.ended
    expect(code).toBe(0)
    expect(err).toContain('worker stopped')
    const story = await goldpro(['orders', 'show', 'acme/cli-transfer'])
    expect(story.out).toMatch(/accepted → confirming: intent_committed/)
    const json = await goldpro(['orders', 'list', '--json', '--kind', 'withdraw'])
    expect(JSON.parse(json.out.trim())).toMatchObject({ reference: 'cli-withdraw', kind: 'withdraw' })
    for (const text of [err, out, listed, story.out, json.out])
      for (const secret of [WALLET, RECIPIENT, KTP]) expect(text).not.toContain(secret)
  })

  it('in doubt are resolved by one person with evidence and another who approves, once', async () => {
    const { out } = await goldpro(['orders', 'list', '--state', 'in_doubt', '--json'])
    const { partner, reference, kind } = JSON.parse(out.trim())
    const order = `${partner}/${reference}`
    const by = (person: string, move: string, ...rest: string[]) =>
      goldpro(['orders', move, order, '--by', person, '--note', 'looked at it', ...rest])
    const resolve = (...rest: string[]) => by('sari', 'resolve', '--evidence', 'statement line 3', ...rest)
    const amounts = kind === 'withdraw' ? ['--amount', '147975', '--fee', '0'] : []
    const refused = (message: string) => ({ code: 1, err: expect.stringContaining(message) })

    expect(await by('budi', 'approve')).toMatchObject(refused('nothing is proposed'))
    expect(await resolve('--executed')).toMatchObject(refused('needs its session_id'))
    expect(await resolve('--executed', '--session-id', 'S', '--amount', '1.5')).toMatchObject({ code: 2 })
    expect(await resolve('--not-executed')).toMatchObject({ code: 0 })
    expect(await by('budi', 'decline')).toMatchObject({ code: 0 })
    expect(await resolve('--executed', '--session-id', 'ABC', ...amounts)).toMatchObject({ code: 0 })
    expect(await resolve('--not-executed')).toMatchObject(refused('a proposal already'))
    expect(await by(' Sari ', 'approve')).toMatchObject(refused('another person must approve'))
    expect((await goldpro(['orders', 'show', order])).out).toContain(': in_doubt (')
    expect((await by('budi', 'approve')).out).toMatch(/is succeeded/)
    const story = (await goldpro(['orders', 'show', order])).out
    expect(story).toMatch(/in_doubt → succeeded: resolved_by_person, by person:budi .*"proposed_by":"sari"/)
    expect(await resolve('--not-executed')).toMatchObject(refused('only an order in doubt'))
  })

  it('are held, released and cancelled while they are accepted', async () => {
    const data = jobData.buy({ reference: 'cli-held' })
    // Stored without a worker that would run it: its gateway refuses connections, so it stays accepted.
    await goldpro(['enqueue', '-'], JSON.stringify({ kind: 'buy', ...data }))
    sandbox.setFault('bad_gateway_html', { rate: 1, on: 'checkout' })
    const worker = startCommand(['worker'], { env: env(), cwd: folder })
    await eventually(async () => {
      const { out } = await goldpro(['orders', 'list', '--state', 'accepted'])
      return out.includes('cli-held') ? true : null
    })
    worker.child.kill('SIGTERM')
    await worker.ended
    sandbox.setFault('bad_gateway_html', {})
    const move = (name: string) => goldpro(['orders', name, 'acme/cli-held', '--note', 'test'])
    expect((await move('hold')).out).toMatch(/is held/)
    expect(await move('cancel')).toMatchObject({ code: 1, err: expect.stringContaining('this one is held') })
    expect((await move('release')).out).toMatch(/is accepted/)
    expect((await move('cancel')).out).toMatch(/is cancelled/)
  })

  it('are not the only thing the gateway is asked for', async () => {
    expect((await goldpro(['gateway', 'chart', WALLET, '--json'])).out).toMatch(/^\[{"date":/)
    expect((await goldpro(['gateway', 'region', 'Gambir'])).out).toBe('[]\n')
    const address = await goldpro(['gateway', 'address', WALLET])
    expect(address.out).toContain('"city": "Jakarta Pusat"')
    expect(address.out).not.toContain(KTP)
    expect(await goldpro(['gateway', 'address', '081200000077'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/the gateway says: User not found/i),
    })
    expect(
      (
        await goldpro([
          'gateway',
          'register',
          WALLET,
          '--name',
          'Sari Contoh',
          '--email',
          'sari@contoh.example',
        ])
      ).out,
    ).toContain('request_id')
  })
})
