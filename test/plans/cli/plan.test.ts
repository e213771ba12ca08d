import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { feedBatches } from '../../../src/batches/feed.ts'
import { type Sandbox, startSandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { openDatabase } from '../../../src/postgres/pool.ts'
import { silentLog } from '../../support/deps.ts'
import { eventually } from '../../support/eventually.ts'
import { KTP, postalAddress, RECIPIENT, WALLET } from '../../support/factories/job-data.ts'
import { anAccepted, openStores, passDeadlines } from '../../support/factories/stored-orders.ts'
import { runCommand, startCommand } from '../../support/servers/command.ts'
import { createTestDatabase, type TestDatabase } from '../../support/servers/postgres.ts'
import { inSession } from '../../support/servers/sessions.ts'
import { unnamed } from '../../support/unnamed.ts'

let test: TestDatabase
let sandbox: Sandbox
let folder: string

beforeAll(async () => {
  test = await createTestDatabase()
  sandbox = await startSandbox({ seed: 1, openWallets: { rupiah: 10 ** 9, goldWeight: 10 ** 7 } })
  // A folder in which no `goldpro up` runs.
  folder = await mkdtemp(join(tmpdir(), 'goldpro-plan-'))
})

afterAll(async () => {
  await sandbox?.stop()
  await test?.drop()
  await rm(folder, { recursive: true, force: true })
})

const BUY = { kind: 'buy', partner: 'acme', phone_number: WALLET, gold_weight: 0.5 }

const env = () => ({ DATABASE_URL: test.databaseUrl })

function plan(args: readonly string[], input: object | string = '') {
  const text = typeof input === 'string' ? input : JSON.stringify(input)
  return runCommand(['plan', ...args], { cwd: folder, env: env(), input: text })
}

const add = (name: string, ...args: string[]) => plan(['add', name, '--order', '-', ...args], BUY)

async function run<Row extends object>(text: string): Promise<Row[]> {
  const database = openDatabase({ databaseUrl: test.databaseUrl, maxConnections: 1, onError: () => {} })
  return await database.run<Row>(unnamed(text), []).finally(() => database.close())
}

/** What a JSON-printing command printed, a value a line. */
const parsed = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('plan add', () => {
  it('shows the plan and its next five due times by the wall of its zone', async () => {
    const { code, out } = await add(
      'monthly',
      '--monthly',
      '25',
      '--weekend',
      'before',
      '--from',
      '2036-02-01',
    )
    expect(code).toBe(0)
    expect(out).toContain('buy for 08xxxxxxx001: 0,5000 g')
    expect(out).toContain('due       monthly on 25, before a weekend or a holiday, at 09:00, Asia/Jakarta')
    expect(out.match(/\w{3} 2036-\d\d-\d\dT09:00:00\+07:00/g)).toEqual([
      ...['Mon 2036-02-25', 'Tue 2036-03-25', 'Fri 2036-04-25', 'Fri 2036-05-23', 'Wed 2036-06-25'].map(
        (day) => `${day}T09:00:00+07:00`,
      ),
    ])
  })

  it('takes a zone, an end with its whole day, a count and policies', async () => {
    const { code, out } = await add(
      ...(['many', '--cron', '0 9 * * *', '--zone', 'Asia/Jayapura', '--from', '2036-02-24T10:00'] as const),
      ...[
        '--to',
        '2036-02-26',
        '--count',
        '9',
        '--missed',
        'run_all',
        '--overlap',
        'wait',
        '--max-age',
        '90m',
      ],
      ...['--deadline', '2h', '--json'],
    )
    expect(code).toBe(0)
    expect(parsed(out)[0]).toMatchObject({
      ...{ name: 'many', timeZone: 'Asia/Jayapura', maxCount: 9, missed: 'run_all', overlap: 'wait' },
      ...{ maxAgeMinutes: 90, deadlineMinutes: 120, endsAt: '2036-02-26T15:00:00.000Z' },
      nextDueTimes: ['2036-02-25T00:00:00.000Z', '2036-02-26T00:00:00.000Z'],
    })
  })

  it('is paused beside others, each with a line of its own', async () => {
    await add('one-of-two', '--cron', '0 9 * * *')
    await add('two-of-two', '--cron', '0 9 * * *')
    const paused = await plan(['pause', 'one-of-two', 'unknown', 'two-of-two'])
    expect(paused.code).toBe(1)
    expect(paused.out.match(/(one|two)-of-two is paused/g)).toEqual([
      'one-of-two is paused',
      'two-of-two is paused',
    ])
    expect(paused.err).toContain('1 of 3 were refused')
  })

  const daily = ['--cron', '0 9 * * *']
  it.each([
    ['no time to be due', [], 2, 'either --cron or --monthly'],
    ['two times to be due', [...daily, '--monthly', '25'], 2, 'either --cron or --monthly'],
    ['a cron with a time beside it', [...daily, '--at', '10:00'], 2, 'go with --monthly'],
    ['a cron with a weekend rule', [...daily, '--weekend', 'before'], 2, 'go with --monthly'],
    ['a cron of six fields', ['--cron', '0 0 9 * * *'], 2, 'five fields'],
    ['a 32nd', ['--monthly', '32'], 2, '1 to 31'],
    ['a time that is none', ['--monthly', '25', '--at', '9'], 2, 'such as 09:00'],
    [
      'a zone that does not exist',
      [...daily, '--zone', 'Asia/Bandung'],
      2,
      'a time zone such as Asia/Jakarta',
    ],
    ['a day that does not exist', [...daily, '--from', '2036-02-30'], 2, '--from must be a day'],
    ['an end that has passed', [...daily, '--to', '2020-01-01'], 1, 'never be due'],
    [
      'all of many at once and none beside another',
      [...daily, '--missed', 'run_all'],
      2,
      '--overlap must be wait or allow',
    ],
    ['an age without a unit', [...daily, '--max-age', '90'], 2, '30m, 12h or 7d'],
  ])('refuses %s', async (_what, args, code, told) => {
    const ended = await add('refused', ...args)
    expect(ended.code).toBe(code)
    expect(ended.err).toContain(told)
  })

  it.each(['12', 'has space', 'x'.repeat(64), WALLET, `for-${WALLET}`])(
    'refuses the name %s',
    async (name) => {
      const ended = await add(name, ...daily)
      expect(ended.code).toBe(2)
    },
  )

  it.each([
    ['a reference of its own', { ...BUY, reference: 'A-1' }, 'reference: must be left out'],
    ['a deadline of its own', { ...BUY, deadline: '2036-01-01T00:00:00Z' }, 'deadline: must be left out'],
    ['no partner', { ...BUY, partner: undefined }, 'partner: must be'],
    ['a bad weight', { ...BUY, gold_weight: -1 }, 'gold_weight: must be'],
    ['an unknown kind', { ...BUY, kind: 'gift' }, 'kind: must be one of'],
    ['no order at all', 'buy some gold', 'is not one JSON object'],
    ['a list of orders', [BUY], 'must be an object'],
  ])('refuses an order with %s', async (_what, order, told) => {
    const ended = await plan(['add', 'bad', '--order', '-', ...daily], order)
    expect(ended).toMatchObject({ code: 1, err: expect.stringContaining(told) })
    expect(ended.err).not.toContain(WALLET)
  })

  it('refuses a name that a living plan has', async () => {
    await add('twice', ...daily)
    expect(await add('twice', ...daily)).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is a plan twice already'),
    })
  })
})

describe('a plan of withdrawals', () => {
  it('never shows its KTP number and address, and loses them when it is removed', async () => {
    const withdrawal = {
      ...{ kind: 'withdraw', partner: 'acme', phone_number: WALLET, gold_weight: 1 },
      ...{ ktp: KTP, address: postalAddress() },
    }
    const file = join(folder, 'withdrawal.json')
    await writeFile(file, JSON.stringify(withdrawal))
    const added = await plan(['add', 'bars', '--order', file, '--monthly', '31', '--json'])
    const shown = [
      ...[added, await plan(['show', 'bars']), await plan(['show', 'bars', '--json'])],
      ...[await plan(['list']), await plan(['list', '--json'])],
    ]
    for (const { code, out } of shown) {
      expect(code).toBe(0)
      for (const secret of [KTP, '"ktp"', 'Jl. Contoh', '10140', WALLET]) expect(out).not.toContain(secret)
    }
    expect(shown[1]?.out).toContain('KTP number and address stored, not shown')
    expect((await plan(['remove', 'bars'])).code).toBe(0)
    const rows = await run<{ source: string }>(`SELECT source::text FROM plans WHERE name = 'bars'`)
    expect(rows[0]?.source).not.toContain(KTP)
    expect(rows[0]?.source).not.toContain('Contoh')
  })
})

describe('leading a plan', () => {
  it('pauses, resumes and removes it, and tells who did', async () => {
    await add('led', '--monthly', '25')
    expect((await plan(['pause', 'led', '--by', 'ani', '--note', `asked by ${WALLET}`])).out).toContain(
      'is paused',
    )
    expect(await plan(['pause', 'led'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('led is paused'),
    })
    expect(await plan(['run-now', 'led'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('led is paused'),
    })
    expect((await plan(['show', 'led'])).out).toContain('never while it is paused')
    expect((await plan(['resume', 'led'])).out).toMatch(/active again\nnext due \w{3} 20/)
    expect((await plan(['remove', 'led'])).out).toContain('is removed')
    const { out } = await plan(['show', 'led', '--json'])
    const [{ state, events }] = parsed(out)
    expect(state).toBe('removed')
    expect(events.map(({ reason }: { reason: string }) => reason)).toEqual([
      ...['added', 'paused_by_person', 'resumed_by_person', 'removed_by_person'],
    ])
    expect(events[1]).toMatchObject({ actor: 'person:ani', note: 'asked by 08xxxxxxx001' })
    const names = async (...args: string[]) =>
      parsed((await plan(['list', '--json', ...args])).out).map(({ name }: { name: string }) => name)
    expect(await names()).not.toContain('led')
    expect(await names('--state', 'removed')).toContain('led')
  })

  it('is told what to do about a plan that does not exist', async () => {
    for (const command of ['show', 'pause', 'resume', 'remove', 'run-now', 'history'])
      expect(await plan([command, 'nobody'])).toMatchObject({
        code: 1,
        err: expect.stringContaining('see `goldpro plan list --state all`'),
      })
  })
})

describe('plan run-now', () => {
  it('submits the order at once; its story names the plan, a second run waits for the first by its policy', async () => {
    const transfer = { ...BUY, kind: 'transfer', gold_weight: 0.1, recipient: RECIPIENT }
    await plan(['add', 'gift', '--order', '-', '--monthly', '25'], transfer)
    const first = await plan(['run-now', 'gift'])
    expect(first).toMatchObject({ code: 0, out: expect.stringContaining('started: order ') })
    const reference = /acme\/\S+(?=`)/.exec(first.out)?.[0] ?? ''
    const story = await runCommand(['orders', 'show', reference], { cwd: folder, env: env() })
    expect(story.out).toMatch(/from {6}plan \d+ gift, due 20/)
    const [json] = parsed(
      (await runCommand(['orders', 'show', reference, '--json'], { cwd: folder, env: env() })).out,
    )
    expect(json.planRun).toMatchObject({ name: 'gift' })
    expect((await plan(['run-now', 'gift'])).out).toContain('skipped: the run before it was still under way')
    const history = await plan(['history', 'gift'])
    expect(history.out).toMatch(/skipped +overlap/)
    expect(history.out).toMatch(/started +order_submitted +accepted \(submitted\)/)
    const runs = parsed((await plan(['history', 'gift', '--json', '--limit', '1'])).out)
    expect(runs).toMatchObject([{ state: 'skipped', reason: 'overlap', orderId: null }])
  })
})

describe('goldpro scheduler', () => {
  it('keeps plans and sweeps, beside a worker that captures prices for `goldpro prices`, and stops', async () => {
    await add('soon', '--monthly', '25', '--count', '1')
    // Nobody waits for the 25th: it is due this minute.
    await run(`UPDATE plans SET next_due_at = date_trunc('minute', now()) WHERE name = 'soon'`)
    const settings = { ...env(), GATEWAY_URL: sandbox.url, GATEWAY_CHART_PHONE_NUMBER: WALLET }
    const empty = await runCommand(['prices'], { cwd: folder, env: env() })
    expect(empty.out).toContain('no prices yet')
    const stores = openStores(test.databaseUrl, 2)
    const late = await anAccepted(stores)
    await passDeadlines(stores.database, { orderId: late })
    const two = [1, 2].map(() => startCommand(['scheduler'], { cwd: folder, env: settings }))
    const worker = startCommand(['worker'], { cwd: folder, env: settings })
    try {
      await Promise.all(two.map((scheduler) => scheduler.printed('scheduler started')))
      const runs = await eventually(async () => {
        const { out } = await plan(['history', 'soon', '--json'])
        return out.includes('"finished"') ? parsed(out) : null
      })
      // One run, of two schedulers. The worker ends its order, which may be before anybody sees the run started.
      expect(runs).toMatchObject([{ state: 'finished', reason: 'order_ended' }])
      await eventually(async () => {
        const [order] = await stores.store.load([late])
        return order?.state === 'expired' ? true : null
      })
      await stores.database.close()
      const prices = await eventually(async () => {
        const { out } = await runCommand(['prices', '--json'], { cwd: folder, env: env() })
        return out.trim().split('\n').length >= 7 ? parsed(out) : null
      })
      for (const { day, buy, sell, spread } of prices) {
        expect(day).toMatch(/^20\d\d-\d\d-\d\d$/)
        expect(BigInt(buy) - BigInt(sell)).toBe(BigInt(spread))
      }
      const chart = await runCommand(['prices', '--days', '3'], { cwd: folder, env: env() })
      expect(chart.out.trim().split('\n')).toHaveLength(5)
      expect(chart.out).toMatch(/Rp \d{3}\.\d{3} +Rp \d{3}\.\d{3} +Rp \d{2}\.\d{3} +\d,\d % +s─+b/)
    } finally {
      for (const { child } of [...two, worker]) child.kill('SIGTERM')
    }
    for (const { ended } of [...two, worker]) {
      const { code, err } = await ended
      expect(code).toBe(0)
      expect(err).not.toContain(WALLET)
    }
  })
})

describe('a plan of a batch', () => {
  it('is added, shown and run, and says so wherever its orders and batches are shown', async () => {
    const goldpro = (...args: string[]) => runCommand(args, { cwd: folder, env: env() })
    const file = join(folder, 'pay.csv')
    await writeFile(file, `kind,partner,reference,phone_number,gold_weight\nbuy,acme,PAY-1,${WALLET},0.5\n`)
    expect(await goldpro('batch', 'create', file, '--by', 'ani')).toMatchObject({ code: 0 })
    const [{ id }] = (await run<{ id: number }>('SELECT max(id) AS id FROM batches')) as [{ id: number }]
    expect(await goldpro('batch', 'approve', String(id), '--by', 'budi')).toMatchObject({ code: 0 })
    const added = await plan(['add', 'of-batch', '--batch', String(id), '--monthly', '25', '--rate', '5/s'])
    expect(added).toMatchObject({
      code: 0,
      out: expect.stringContaining(`copies of batch ${id}, 5 rows a second`),
    })
    expect(added.out).toContain('bounds    none: until it is removed')
    expect((await goldpro('batch', 'preview', String(id))).out).not.toContain('next:')
    const refused = await goldpro('batch', 'run', String(id))
    expect(refused).toMatchObject({ code: 1 })
    const ran = await plan(['run-now', 'of-batch'])
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('started: batch ') })
    const copy = /batch (\d+)/.exec(ran.out)?.[1] ?? ''
    expect((await plan(['history', 'of-batch'])).out).toContain(`batch ${copy}`)
    expect((await plan(['list'])).out).toContain(`batch ${id}`)
    expect((await goldpro('batch', 'show', String(id))).out).toContain('of-batch runs copies of it')
    const shown = await goldpro('batch', 'show', copy)
    expect(shown.out).toMatch(new RegExp(`from +plan \\d+ of-batch, due .*, a copy of batch ${id}`))
    const deps = { newId: randomUUID, wake: async () => {}, actor: 'feeder:test', log: silentLog }
    await inSession(test.databaseUrl, (session) => feedBatches(session, deps))
    const [order] = await run<{ id: string }>(`SELECT id FROM orders WHERE reference LIKE 'PAY-1@%'`)
    const story = await goldpro('orders', 'show', order?.id ?? '')
    expect(story.out).toMatch(
      new RegExp(`\n {2}from {6}batch ${copy}, row 1, of plan of-batch, due 20.*\\+07:00\n`),
    )
    const asJson = parsed((await goldpro('orders', 'show', order?.id ?? '', '--json')).out)
    expect(asJson).toMatchObject([
      { planRun: null, batchRows: [{ batchId: Number(copy), rowNumber: 1, plan: 'of-batch' }] },
    ])
    await plan(['remove', 'of-batch'])
    expect((await goldpro('batch', 'show', String(id))).out).toContain('of-batch ran copies of it')
  })

  it.each([
    [['--order', '-', '--batch', '1']],
    [[]],
    [['--order', '-', '--rate', '5']],
    [['--batch', '1', '--deadline', '1h']],
  ])('is not mixed up with one of an order: %j', async (args) => {
    expect(await plan(['add', 'mixed', '--monthly', '25', ...args], BUY)).toMatchObject({ code: 2 })
  })
})
