import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { startWorker } from '../../../src/processes/worker.ts'
import { silentLog } from '../../support/deps.ts'
import { openTestClient } from '../../support/factories/gateway-settings.ts'
import { KTP, WALLET } from '../../support/factories/job-data.ts'
import { aPrefix, type BatchScene, buysFile, openBatchScene } from '../../support/scenes/batch-scene.ts'
import { MAIN, runCommand, startCommand } from '../../support/servers/command.ts'

let scene: BatchScene
let folder: string
beforeAll(async () => {
  scene = await openBatchScene()
  folder = await mkdtemp(join(tmpdir(), 'goldpro-batch-'))
})
afterAll(async () => {
  await scene?.close()
  await rm(folder, { recursive: true, force: true })
})

const goldpro = (
  args: string[],
  { input = '', env = {} }: { input?: string; env?: Record<string, string> } = {},
) => runCommand(args, { env: { DATABASE_URL: scene.databaseUrl, ...env }, cwd: folder, input })
const batch = (...args: string[]) => goldpro(['batch', ...args])
const fileOf = async (name: string, content: string) => {
  await writeFile(join(folder, name), content)
  return name
}

const COMMANDS = [
  ...['template', 'check', 'create', 'preview', 'approve', 'run', 'pause', 'resume', 'cancel'],
  ...['list', 'show', 'results'],
]

it.concurrent.each(COMMANDS)('batch %s --help shows an example and ends with 0', async (command) => {
  const { code, out } = await runCommand(['batch', command, '--help'])
  expect(code).toBe(0)
  expect(out).toContain('Example')
})

describe('from a template to results', () => {
  it('works step by step, each step naming the next', async () => {
    const sandbox = await startSandbox({ seed: 1, openWallets: { rupiah: 10 ** 9, goldWeight: 10 ** 7 } })
    const env = { GATEWAY_URL: sandbox.url }
    const gateway = openTestClient(sandbox.url, { timeoutMs: 5_000 })
    const worker = startWorker({
      ...{ databaseUrl: scene.databaseUrl, redisUrl: null, gateway, callTimeoutMs: 5_000, concurrency: 4 },
      ...{ ratePerSecond: null, maxRequotes: 5, quoteMaxAgeMs: 10_000, name: 'test', log: silentLog },
    })
    const scheduler = startCommand(['scheduler'], { env: { DATABASE_URL: scene.databaseUrl }, cwd: folder })
    try {
      const template = await batch('template')
      expect(template).toMatchObject({ code: 0, err: '' })
      await fileOf('payroll.csv', template.out)
      expect(await batch('check', 'payroll.csv')).toMatchObject({
        code: 0,
        out: '4 rows, all good\n',
        err: '',
      })
      const created = await batch('create', 'payroll.csv', '--by', 'ani')
      expect(created).toMatchObject({ code: 0, err: '' })
      const [, id = ''] = /^batch (\d+): 4 rows, checked and sealed\n/.exec(created.out) ?? []
      expect(created.out).toContain(`goldpro batch preview ${id}`)
      const preview = await goldpro(['batch', 'preview', id], { env })
      expect(preview).toMatchObject({ code: 0, err: '' })
      expect(preview.out).toMatch(/price of a gram +buy Rp [\d.]+, sell Rp [\d.]+/)
      expect(preview.out).toContain(`next: \`goldpro batch approve ${id}\` by another person`)
      expect(preview.out).toMatch(/wallets +2 appear more than once/)
      const approved = await batch('approve', id, '--by', 'budi')
      expect(approved.out).toContain(`next: \`goldpro batch run ${id}\``)
      const looked = await batch('preview', id)
      expect(looked.out).toContain(`next: \`goldpro batch run ${id}\`\n`)
      const run = await batch('run', id, '--rate', '50/s', '--stop-after-failures', '50%')
      expect(run.out).toMatch(/^batch \d+ runs: 4 rows, 50 a second at most, and pauses after 2 failures\n/)
      const watched = await batch('show', id, '--watch')
      expect(watched.out).toMatch(/finished {2}4\/4 done: 4 succeeded, 0 failed, 0 in doubt/)
      const results = await batch('results', id, '--output', 'results.csv')
      expect(results).toMatchObject({ code: 0, out: 'results.csv has 4 rows\n' })
      const lines = parse(await readFile(join(folder, 'results.csv')), { columns: true }) as {
        reference: string
        outcome: string
      }[]
      expect(lines.map(({ outcome }) => outcome)).toEqual(Array(4).fill('succeeded'))
      const shown = await goldpro(['orders', 'show', `acme/${lines[3]?.reference}`])
      expect(shown.out).toContain(`from      batch ${id}, row 4`)
      expect((await batch('list')).out).toContain('no batch is waiting or running: --all shows those')
      const everything = [preview, watched, shown, await batch('show', id), await batch('list', '--all')]
      for (const secret of [WALLET, KTP, 'Jl. Contoh'])
        expect(everything.map(({ out, err }) => out + err).join('')).not.toContain(secret)
    } finally {
      scheduler.child.kill('SIGTERM')
      await Promise.all([scheduler.ended, worker.stop()])
      gateway.close()
      await sandbox.stop()
    }
  })
})

describe('batch check', () => {
  it('lists the problems, writes the bad rows where they were asked for, and ends with 1', async () => {
    const name = await fileOf(
      'bad.csv',
      `${buysFile(2)}buy,acme,X,${WALLET},-1\nwithdraw,acme,Y,${WALLET},2\n`,
    )
    // A file that is there keeps its mode when it is opened.
    await writeFile(join(folder, 'to-correct.csv'), 'old', { mode: 0o644 })
    const { code, out, err } = await batch('check', name, '--bad-rows', 'to-correct.csv')
    expect(code).toBe(1)
    expect(out).toMatch(/^line 4, gold_weight "-1": must be grams above 0/)
    expect(out).toMatch(/\n4 rows, 2 of them bad, \d+ problems\n$/)
    expect(err).toBe('goldpro: correct these rows: they are in to-correct.csv\n')
    expect(out).not.toContain(WALLET)
    const mend = join(folder, 'to-correct.csv')
    expect(parse(await readFile(mend), { columns: true })).toHaveLength(2)
    expect((await stat(mend)).mode & 0o777).toBe(0o600)
  })

  it('never empties the file it checks, however it is named', async () => {
    const name = await fileOf('same.csv', `${buysFile(1)}buy,,X,${WALLET},1\n`)
    for (const same of [name, `./${name}`, join(folder, name)])
      expect(await batch('check', name, '--bad-rows', same)).toMatchObject({
        code: 2,
        err: `goldpro: ${same} is the file to check: name another file for its bad rows\n`,
      })
    const piped = `"${process.execPath}" "${MAIN}" batch check - --bad-rows ${name} < ${name}`
    await expect(promisify(execFile)('sh', ['-c', piped], { cwd: folder })).rejects.toMatchObject({ code: 2 })
    const { out, err } = await batch('check', name)
    expect(out).toContain('line 3, partner: must be 1 to 63')
    expect(out).toContain('; --partner sets it for rows that name none\n')
    expect(err).toContain('`--bad-rows FILE`')
  })

  it('needs no database, reads standard input and prints JSON lines', async () => {
    const { code, out } = await runCommand(['batch', 'check', '-', '--json'], {
      cwd: folder,
      input: `${buysFile(1)}buy,acme,X,1,1\n`,
    })
    expect(code).toBe(1)
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      expect.objectContaining({ lineNumber: 3, column: 'phone_number', maskedValue: 'x' }),
      { rows: 2, badRows: 1, problems: 1 },
    ])
  })
})

describe('batch', () => {
  it.each<[what: string, args: string[], code: number, sentence: RegExp]>([
    ['a file that is not there', ['check', 'none.csv'], 2, /^goldpro: cannot read none\.csv \(ENOENT\)/],
    ['a folder', ['create', '.'], 2, /^goldpro: cannot read \. \(EISDIR\)/],
    [
      'a batch that is not there',
      ['show', '999'],
      1,
      /^goldpro: there is no batch 999: see `goldpro batch list`/,
    ],
    ['its preview', ['preview', '999'], 1, /there is no batch 999/],
    ['its results', ['results', '999'], 1, /there is no batch 999/],
    ['its approval', ['approve', '999'], 1, /there is no batch 999/],
    ['a number that is none', ['approve', 'x'], 2, /must be a number/],
    [
      'a rate of nothing',
      ['run', '1', '--rate', '0'],
      2,
      /must be a whole number from 1 to 1000, such as 20\/s/,
    ],
    ['a rate that is too high', ['run', '1', '--rate', '1001/s'], 2, /must be a whole number from 1 to 1000/],
    ['a share above all', ['run', '1', '--stop-after-failures', '101%'], 2, /or a share such as 5%/],
    ['no failures', ['run', '1', '--stop-after-failures', '0'], 2, /must be a whole number above 0/],
    ['a time that is none', ['run', '1', '--at', '2026-02-30T25:00'], 2, /must be a time such as/],
    ['a time that is over', ['run', '1', '--at', '2020-01-01T09:00'], 2, /--at is in the past/],
    [
      'an output that cannot be written',
      ['check', 'broken.csv', '--bad-rows', 'no/such/file'],
      1,
      /cannot write no\/such\/file \(ENOENT\)/,
    ],
  ])('refuses %s in a sentence', async (_what, args, code, sentence) => {
    await fileOf('broken.csv', 'kind,reference,phone_number\nx,y,z\n')
    const ended = await batch(...args)
    expect(ended.code).toBe(code)
    expect(ended.err).toMatch(sentence)
  })

  it('says in a sentence why a move is not possible, and who must approve', async () => {
    const batchId = String(await scene.create(buysFile(3)))
    expect(await batch('run', batchId)).toMatchObject({
      code: 1,
      err: `goldpro: a batch can be run only while it is approved; batch ${batchId} is checked (every_row_is_good)\n`,
    })
    expect(await batch('approve', batchId, '--by', 'Ani')).toMatchObject({
      code: 1,
      err: expect.stringContaining('another person must approve it'),
    })
    const alone = await goldpro(['batch', 'approve', batchId, '--by', 'ani'], {
      env: { ONE_PERSON: 'true' },
    })
    expect(alone).toMatchObject({ code: 0, out: expect.stringContaining('NOBODY ELSE HAS LOOKED AT THIS') })
  })

  it('waits until --at, in Jakarta’s time, and keeps notes', async () => {
    const batchId = String(await scene.batchIn('approved'))
    const { out } = await batch('run', batchId, '--at', '2099-02-25 09:00', '--note', 'payday')
    expect(out).toContain('runs from 2099-02-25T09:00:00+07:00 on')
    const shown = await batch('show', batchId)
    expect(shown.out).toContain('approved (scheduled_by_person)')
    expect(shown.out).toContain('"note":"payday"')
    const cancelled = await batch('cancel', batchId, '--note', `not for ${WALLET}`)
    expect(cancelled.out).toBe(`batch ${batchId} is cancelled: 3 rows will not be sent\n`)
    for (const format of [[], ['--json']]) {
      const { out } = await batch('show', batchId, ...format)
      expect(out).toContain('not for 08xxxxxxx')
      expect(out).not.toContain(WALLET)
    }
  })

  it('pauses and resumes', async () => {
    const batchId = String(await scene.batchIn('running'))
    expect((await batch('pause', batchId)).out).toBe(`batch ${batchId} is paused: 3 rows are not sent\n`)
    expect((await batch('resume', batchId)).out).toBe(
      `batch ${batchId} is running again: 3 rows are still to be sent\n`,
    )
  })

  it('stores nothing of a file with a bad row, and says where to see more', async () => {
    const name = await fileOf('half.csv', `${buysFile(2, aPrefix())}gift,acme,X,${WALLET},1\n`)
    const { code, out, err } = await batch('create', name)
    expect(code).toBe(1)
    expect(out).toMatch(/^1 rows are bad:\n {2}line 4, kind "gift": must be one of buy/)
    expect(err).toBe('goldpro: nothing was stored: see all problems with `goldpro batch check`\n')
  })

  it('tells an unknown price as unknown, and one that was captured with its day', async () => {
    const batchId = String(await scene.create(buysFile(2)))
    const away = { env: { GATEWAY_URL: 'http://127.0.0.1:9' } }
    const unknown = await goldpro(['batch', 'preview', batchId], away)
    expect(unknown.out).toContain('price of a gram     unknown, so nothing is estimated')
    const without = await batch('show', batchId)
    expect(without.out).toContain('to pay           Rp 0 stated; the rows by weight come on top')
    expect(without.out).not.toContain('about')
    await scene.rows(
      `INSERT INTO prices (side, day, rupiah_per_gram, captured_at) VALUES
        ('buy', '2026-11-22', 1, '2026-11-22T01:00:00Z'), ('buy', '2026-11-23', 900000, '2026-11-23T00:30:59.5Z')`,
    )
    const origin = 'by the chart of 2026-11-23, captured 2026-11-23T07:30:59+07:00\n'
    for (const place of [away, {}]) {
      const { out } = await goldpro(['batch', 'preview', batchId], place)
      expect(out).toContain(`price of a gram     buy Rp 900.000, sell unknown, ${origin}`)
      expect(out).toMatch(/buy +2 +1,0000 +Rp 0 +0,0000 +Rp 900\.000\n/)
    }
    const shown = (await batch('show', batchId)).out
    expect(shown).toContain('to pay           about Rp 900.000: Rp 0 stated, Rp 900.000 estimated\n')
    expect(shown).toContain(`price of a gram  buy Rp 900.000, sell unknown, ${origin}`)
    expect(shown).toMatch(/fees +not in these sums: they are not known before the checkout/)
    const asJson = JSON.parse((await goldpro(['batch', 'preview', batchId, '--json'])).out)
    expect(JSON.parse((await batch('show', batchId, '--json')).out).total).toEqual(asJson.total)
    expect(asJson).toMatchObject({
      prices: { buy: 900_000, sell: null },
      pricesBy: {
        buy: { from: 'captured', day: '2026-11-23', capturedAt: '2026-11-23T00:30:59.500Z' },
        sell: null,
      },
    })
    await scene.rows(
      `INSERT INTO prices (side, day, rupiah_per_gram, captured_at) VALUES ('sell', '2026-11-20', 850000, now())`,
    )
    const sides = await batch('preview', batchId)
    const approved = await goldpro(['batch', 'approve', batchId, '--by', 'budi'])
    expect(approved.out).toContain('to pay           about Rp 900.000: Rp 0 stated, Rp 900.000 estimated\n')
    expect(sides.out).toContain(
      `buy Rp 900.000, ${origin.trimEnd()}; sell Rp 850.000, by the chart of 2026-11-20`,
    )
  })
})
