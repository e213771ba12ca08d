import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { WALLET } from '../../support/factories/job-data.ts'
import { aRecordedOrder, lineOf, recordOrders, rowsOf } from '../../support/factories/recorded-orders.ts'
import { csvLine, csvOf, HEADER, MAPPING } from '../../support/factories/statement-files.ts'
import { workbookOf, workbookOfCsv } from '../../support/factories/workbooks.ts'
import { openScene, type Scene } from '../../support/scenes/recon-scene.ts'
import { runCommand, startCommand } from '../../support/servers/command.ts'

let scene: Scene
let folder: string
beforeAll(async () => {
  scene = await openScene()
  folder = await mkdtemp(join(tmpdir(), 'goldpro-import-'))
})
afterAll(async () => {
  await scene?.close()
  await rm(folder, { recursive: true, force: true })
})

const goldpro = (args: string[], input = '') =>
  runCommand(args, { env: { DATABASE_URL: scene.databaseUrl }, cwd: folder, input })
const fileOf = async (name: string, content: string | Buffer) => {
  await writeFile(join(folder, name), content)
  return name
}
const DAY = ['--period', '2026-02-09', '--complete', '--by', 'ani']

it.concurrent.each([
  'import',
  'statements',
  'mappings list',
  'mappings show',
  'mappings add',
  'mappings propose',
])('recon %s --help shows an example and ends with 0', async (command) => {
  const { code, out } = await runCommand(['recon', ...command.split(' '), '--help'])
  expect(code).toBe(0)
  expect(out).toContain('Example')
})

describe('recon import', () => {
  it('imports a gzipped file only, says what to do next, and the run then matches it', async () => {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    const name = await fileOf('day.csv.gz', gzipSync(csvOf([lineOf(order)])))
    const imported = await goldpro(['recon', 'import', name, '--import-only', ...DAY])
    expect(imported).toMatchObject({ code: 0, err: '' })
    expect(imported.out).toMatch(
      /^statement 1\n {2}period +2026-02-09\n {2}lines +1\ncomplete only once another person runs `goldpro recon statements approve 1 .*`\nnext: `goldpro recon run`\n$/,
    )
    const approve = (by: string) =>
      goldpro(['recon', 'statements', 'approve', '1', '--note', 'seen', '--by', by])
    expect((await goldpro(['recon', 'statements'])).out).toMatch(/2026-02-09 +to approve +1/)
    expect(await approve('ani')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/another person must approve/),
    })
    expect(await approve('budi')).toMatchObject({ code: 0, out: expect.stringMatching(/^approved/) })
    const run = await goldpro(['recon', 'run'])
    expect(run).toMatchObject({ code: 0 })
    expect(run.out).toMatch(/new matches +1 session_id/)
    expect((await goldpro(['recon', 'statements'])).out).toMatch(
      /1 {2}gateway {2}2026-02-09 +yes +1 +0 +0 {2}day\.csv\.gz/,
    )
    expect(await goldpro(['recon', 'import', name, ...DAY])).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /^goldpro: this file is imported already: it is statement 1 \(day\.csv\.gz\); --replace/,
      ),
    })
  })

  it('tells bad lines by line and column, without a phone number, and ends with 1; set aside it ends with 0', async () => {
    const lines = Array.from({ length: 25 }, (_, n) => csvLine(n, { amount: WALLET, phone_number: 'x' }))
    const text = [HEADER, csvLine(100, { session_id: 'good' }), ...lines].join('\n')
    const refused = await goldpro(['recon', 'import', '-', '--source', 'bad'], text)
    expect(refused.code).toBe(1)
    expect(refused.out).toMatch(/25 lines cannot be read:\n {2}line 3, phone_number: not a phone number/)
    expect(refused.out).toMatch(/and 5 more\n/)
    expect(refused.err).toMatch(
      /^goldpro: nothing was imported: correct these lines, or set them aside with --skip-bad\n$/,
    )
    expect(refused.out + refused.err).not.toContain(WALLET)
    const skipped = await goldpro(['recon', 'import', '-', '--source', 'bad', '--skip-bad', '--json'], text)
    expect(skipped.code).toBe(0)
    expect(JSON.parse(skipped.out)).toMatchObject({ is: 'imported', lineCount: 1 })
  })

  it('imports a workbook as it imports CSV, and refuses it when it comes again as another file', async () => {
    const csv = csvOf([lineOf(aRecordedOrder())])
    const name = await fileOf('day.xlsx', workbookOfCsv(csv))
    const args = ['--source', 'workbooks', '--by', 'ani']
    const imported = await goldpro(['recon', 'import', name, '--period', '2026-02-09', ...args])
    expect(imported).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/lines +1\n/) })
    await fileOf(
      'again.xlsx',
      workbookOf(
        csv
          .trim()
          .split('\n')
          .map((line) => line.split(',').map((inline) => ({ inline }))),
      ),
    )
    expect(await goldpro(['recon', 'import', 'again.xlsx', '--period', '2026-02-09', ...args])).toMatchObject(
      {
        code: 1,
        err: expect.stringContaining('imported already'),
      },
    )
  })

  it('reconciles what has arrived, and says what changed', async () => {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    const text = csvOf([lineOf(order)])
    const args = ['recon', 'import', '-', '--source', 'arrived', '--by', 'ani']
    const { code, out } = await goldpro(args, text)
    expect(code).toBe(0)
    expect(out).toMatch(/^statement \d+\n[\s\S]*\nrun \d+\n {2}new matches +1 session_id\n/)
    const other = csvOf([lineOf(aRecordedOrder())])
    const json = JSON.parse((await goldpro([...args, '--json'], other)).out)
    expect(json).toMatchObject({ is: 'imported', run: { counts: { unmatchedLines: expect.any(Number) } } })
    const dry = await goldpro([...args, '--dry-run'], csvOf([lineOf(aRecordedOrder())]))
    expect(dry.out).toMatch(/^dry run: nothing was stored\n/)
    expect(dry.out).not.toMatch(/^run /m)
  })

  it('says how to get a mapping when the one that is named does not fit', async () => {
    const name = await fileOf('other.csv', 'Sesi,Jenis\nS1,Beli\n')
    const { code, err } = await goldpro(['recon', 'import', name, '--by', 'ani'])
    expect(code).toBe(1)
    expect(err).toMatch(/has no column session_id.*; next: `goldpro recon mappings propose other\.csv`\n$/)
  })

  it.each<[what: string, args: string[], code: number, line: RegExp]>([
    ['a file that is not there', ['none.csv'], 2, /^goldpro: cannot read none\.csv \(ENOENT\)/],
    ['a folder', ['.'], 2, /^goldpro: cannot read \. \(EISDIR\)/],
    ['a period that is none', ['-', '--period', 'yesterday'], 2, /must be a day such as 2026-02-09/],
    ['a complete statement of no time', ['-', '--complete'], 1, /add --period/],
    ['a mapping nobody knows', ['-', '--mapping', 'bank'], 1, /there is no mapping bank/],
  ])('refuses %s in words', async (_what, args, code, line) => {
    const ended = await goldpro(['recon', 'import', ...args], `${HEADER}\n`)
    expect(ended).toMatchObject({ code, out: '' })
    expect(ended.err).toMatch(line)
  })

  it('killed in the middle of a file has left nothing, and the same file is imported after it', async () => {
    const text = `${HEADER}\n${Array.from({ length: 5_000 }, (_, n) => csvLine(n, { session_id: `K${n}` })).join('\n')}\n`
    const count = () =>
      rowsOf<{ count: number }>(
        scene.database,
        `SELECT count(*)::int FROM statement_lines WHERE session_id LIKE 'K%'`,
      )
    // Its input never ends, so it is in the middle for as long as it lives.
    const importing = startCommand(['recon', 'import', '-', '--source', 'killed', ...DAY], {
      env: { DATABASE_URL: scene.databaseUrl },
      cwd: folder,
      input: null,
    })
    importing.child.stdin?.write(text)
    await eventually(async () => {
      const copying = await rowsOf(
        scene.database,
        `SELECT 1 AS one FROM pg_stat_progress_copy WHERE datname = current_database() AND tuples_processed > 0`,
      )
      return copying.length > 0 ? true : null
    })
    importing.child.kill('SIGKILL')
    await importing.ended
    expect(await count()).toEqual([{ count: 0 }])
    expect(await goldpro(['recon', 'import', '-', '--source', 'killed', ...DAY], text)).toMatchObject({
      code: 0,
    })
    expect(await count()).toEqual([{ count: 5_000 }])
  })
})

describe('recon sources and recon lag', () => {
  it('are trusted and shortened by two people, listed, and revoked by one', async () => {
    const by = (name: string) => ['--note', 'n', '--by', name]
    expect(await goldpro(['recon', 'sources', 'trust', 'gateway', ...by('ani')])).toMatchObject({ code: 0 })
    expect(await goldpro(['recon', 'sources', 'approve', 'gateway', ...by('Ani')])).toMatchObject({ code: 1 })
    expect(await goldpro(['recon', 'sources', 'approve', 'gateway', ...by('budi')])).toMatchObject({
      code: 0,
    })
    expect(await goldpro(['recon', 'sources', 'revoke', 'gateway', ...by('citra')])).toMatchObject({
      code: 0,
    })
    expect((await goldpro(['recon', 'sources', 'list'])).out).toMatch(/gateway +revoked +ani +citra/)
    expect(await goldpro(['recon', 'lag', 'propose', '10', ...by('ani')])).toMatchObject({ code: 0 })
    expect(await goldpro(['recon', 'lag', 'approve', ...by('budi')])).toMatchObject({ code: 0 })
    expect((await goldpro(['recon', 'lag', 'list'])).out).toMatch(/10 min +approved +ani +budi/)
  })
})

describe('recon mappings propose', () => {
  it('prints a mapping that add takes and import reads, and says on standard error what it found', async () => {
    const csv = `PT CONTOH;;;;;;\nNo. Sesi;Jenis;No HP;Berat (gr);Nominal;Biaya;Tanggal\n${'AB'.repeat(16)};Beli;081234500001;0,5;441.690;5.000;25/02/2026 12:00\n`
    const proposed = await goldpro(['recon', 'mappings', 'propose', await fileOf('bank.csv', csv)])
    expect(proposed).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^session_id +found +"No. Sesi" \(A\)/),
    })
    const mapping = await fileOf('bank.json', proposed.out)
    expect(await goldpro(['recon', 'mappings', 'add', 'bank', mapping, '--by', 'ani'])).toMatchObject({
      code: 0,
    })
    const imported = await goldpro([
      'recon',
      'import',
      'bank.csv',
      '--mapping',
      'bank',
      '--source',
      'bank',
      '--by',
      'ani',
    ])
    expect(imported).toMatchObject({ code: 0, out: expect.stringMatching(/lines +1\n/) })
  })

  it('ends with 1 and says what to decide, where two columns may be meant', async () => {
    const csv = 'Jenis,HP,Gram,Nominal,Amount,Tanggal\nBeli,081234500001,0.5,441690,441690,2026-02-25\n'
    const proposed = await goldpro(['recon', 'mappings', 'propose', await fileOf('two.csv', csv)])
    expect(proposed.code).toBe(1)
    expect(proposed.err).toMatch(/amount +UNSURE +may be "Nominal" \(D\) or "Amount" \(E\)/)
    expect(proposed.err).toMatch(/decide first: amount; then/)
    const mapping = await fileOf('two.json', proposed.out)
    expect(await goldpro(['recon', 'mappings', 'add', 'two', mapping, '--by', 'ani'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/columns\.amount/),
    })
  })
})

describe('recon mappings', () => {
  it('are shown, changed by a person, added as the next version, and refused in words', async () => {
    const shown = JSON.parse((await goldpro(['recon', 'mappings', 'show', 'sandbox'])).out)
    expect(shown).toEqual(MAPPING)
    const own = await fileOf('own.json', JSON.stringify({ ...shown, delimiter: ';', decimal: ',' }))
    const add = () => goldpro(['recon', 'mappings', 'add', 'own', own, '--by', 'ani'])
    expect(await add()).toMatchObject({ code: 0, out: 'mapping own, version 1\n' })
    expect(await add()).toMatchObject({ code: 0, out: 'mapping own, version 2\n' })
    expect((await goldpro(['recon', 'mappings', 'list'])).out).toMatch(/own +2 {2}ani/)
    const wrong = await fileOf('wrong.json', JSON.stringify({ ...shown, decimal: ';' }))
    expect(await goldpro(['recon', 'mappings', 'add', 'own', wrong])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^goldpro: decimal: /),
    })
    const noJson = await fileOf('no.json', '{')
    expect(await goldpro(['recon', 'mappings', 'add', 'own', noJson])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/not JSON/),
    })
    expect(await goldpro(['recon', 'mappings', 'add', 'a b', own])).toMatchObject({ code: 2 })
  })
})
