import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { findArrivals, SETTLE_MS } from '../../../src/reconciliation/inbox/arrivals.ts'
import { takeArrival } from '../../../src/reconciliation/inbox/take-arrival.ts'
import { aRecordedOrder, lineOf, recordOrders } from '../../support/factories/recorded-orders.ts'
import { csvOf } from '../../support/factories/statement-files.ts'
import { workbookOfCsv } from '../../support/factories/workbooks.ts'
import { runInProcess } from '../../support/in-process.ts'
import { openScene, type Scene } from '../../support/scenes/recon-scene.ts'
import { inSession } from '../../support/servers/sessions.ts'

let scene: Scene
let folder: string
let inbox: string
beforeAll(async () => {
  scene = await openScene()
  folder = await mkdtemp(join(tmpdir(), 'goldpro-inbox-'))
})
afterAll(async () => {
  await scene?.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  inbox = await mkdtemp(join(folder, 'inbox-'))
  await mkdir(join(inbox, 'gateway'))
})

/** A file of the source `gateway` that nobody writes to any more. */
async function arrived(name: string, content: string | Buffer, agoMs = SETTLE_MS + 1_000): Promise<void> {
  const path = join(inbox, 'gateway', name)
  await writeFile(path, content)
  const at = new Date(Date.now() - agoMs)
  await utimes(path, at, at)
}

const goldpro = (...args: string[]) =>
  runInProcess(['recon', 'inbox', ...args, '--once', '--by', 'ani'], {
    env: { DATABASE_URL: scene.databaseUrl, STATEMENT_INBOX: inbox },
    cwd: folder,
    input: '',
  })
const take = (...args: string[]) => goldpro(inbox, '--mapping', 'sandbox', ...args)
const filesIn = (name: string) => readdir(join(inbox, 'gateway', name))
const aDayOf = (order = aRecordedOrder()) => ({ order, file: csvOf([lineOf(order)]) })

describe('recon inbox', () => {
  it('imports what arrived, for the period of its name, and reconciles', async () => {
    const { order, file } = aDayOf()
    await recordOrders(scene.databaseUrl, [order])
    await arrived('2026-02-09.csv', file)
    const { code, out } = await take('--complete')
    expect(code).toBe(0)
    expect(out).toContain('gateway/2026-02-09.csv: imported')
    expect(out).toMatch(/period +2026-02-09\n/)
    expect(out).toContain('complete only once another person runs')
    expect(out).toMatch(/new matches +1 /)
    expect(await filesIn('imported')).toEqual(['2026-02-09.csv'])
    expect(await findArrivals(inbox, Date.now())).toEqual([])
  })

  it('imports a file once: when it comes again, or when its move was interrupted', async () => {
    const { file } = aDayOf()
    await arrived('day.csv', file)
    expect((await take()).code).toBe(0)
    await arrived('day.csv', file)
    const again = await take()
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('this file is imported already') })
    expect(await filesIn('imported')).toEqual(['day (2).csv', 'day.csv'])
  })

  it('imports a workbook, whatever its name', async () => {
    await arrived('2026-02-09.csv', workbookOfCsv(aDayOf().file))
    const { code, out } = await take()
    expect(code).toBe(0)
    expect(out).toMatch(
      /gateway\/2026-02-09\.csv: imported\nstatement \d+\n {2}period +2026-02-09\n {2}lines +1\n/,
    )
  })

  it('says how to get a mapping where the source’s does not fit, and leaves Excel’s marks of open workbooks alone', async () => {
    await arrived('other.xlsx', workbookOfCsv('Sesi,Jenis\nS1,Beli\n'))
    await arrived('~$open.xlsx', 'ani')
    const { code, out } = await take()
    expect(code).toBe(1)
    expect(out).toContain('next: `goldpro recon mappings propose other.xlsx`')
    expect(await filesIn('refused')).toEqual(['other.xlsx', 'other.xlsx.txt'])
  })

  it('refuses a file with its lines, and goes on with the next', async () => {
    await arrived('a.csv', aDayOf().file.replace(/\d{4}-\d\d-\d\dT/, 'yesterday '))
    await arrived('b.csv', aDayOf().file)
    const { code, out, err } = await take()
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining('1 refused: see the folder refused of each source'),
    })
    expect(out).toContain('gateway/b.csv: imported')
    expect(await filesIn('refused')).toEqual(['a.csv', 'a.csv.txt'])
    expect(await readFile(join(inbox, 'gateway/refused/a.csv.txt'), 'utf8')).toMatch(/line 2, executed_at: /)
  })

  it('says no phone number of a refused file', async () => {
    await arrived('081234567890.csv', aDayOf().file.replace(/\d{4}-\d\d-\d\dT/, '081234567890 '))
    const { out } = await take()
    expect(out).not.toContain('081234567890')
    const [, text = ''] = await filesIn('refused')
    expect(await readFile(join(inbox, 'gateway/refused', text), 'utf8')).not.toContain('081234567890')
  })

  it.each([
    ['without a mapping of the source’s name', [], 'there is no mapping gateway'],
    [
      'as complete without a period in its name',
      ['--mapping', 'sandbox', '--complete'],
      'name the file by it',
    ],
  ])('refuses a file %s', async (_why, args, reason) => {
    await arrived('statement.csv', aDayOf().file)
    const { code, out } = await goldpro(...args)
    expect({ code, out }).toEqual({ code: 1, out: expect.stringContaining(reason) })
    expect(await filesIn('refused')).toHaveLength(2)
  })

  it('leaves alone what is still written, hidden, unfinished or linked', async () => {
    await arrived('new.csv', aDayOf().file, 1_000)
    for (const name of ['.hidden.csv', 'a.csv.part', 'a.tmp', 'a.csv~']) await arrived(name, aDayOf().file)
    await writeFile(join(folder, 'secret.csv'), 'not for the inbox')
    await symlink(join(folder, 'secret.csv'), join(inbox, 'gateway', 'linked.csv'))
    await symlink(folder, join(inbox, 'linked'))
    await mkdir(join(inbox, '.git'))
    expect(await findArrivals(inbox, Date.now())).toEqual([])
    expect(await findArrivals(inbox, Date.now() + SETTLE_MS)).toMatchObject([{ fileName: 'new.csv' }])
  })

  it('is taken once by two that look at the same time, and both go on', async () => {
    for (const name of ['a.csv', 'b.csv', 'c.csv']) await arrived(name, aDayOf().file)
    const both = await Promise.all([take(), take()])
    expect(both.map(({ code, err }) => ({ code, err }))).toEqual([
      { code: 0, err: '' },
      { code: 0, err: '' },
    ])
    const imported = both.flatMap(({ out }) => out.match(/gateway\/\w\.csv: imported/g) ?? [])
    expect(imported.sort()).toEqual(['a', 'b', 'c'].map((name) => `gateway/${name}.csv: imported`))
    expect(await filesIn('imported')).toEqual(['a.csv', 'b.csv', 'c.csv'])
  })

  it('reads no other file when a statement becomes a link after it was found', async () => {
    await writeFile(join(folder, 'other.csv'), aDayOf().file)
    await arrived('day.csv', aDayOf().file)
    const [arrival] = await findArrivals(inbox, Date.now())
    await rm(join(inbox, 'gateway/day.csv'))
    await symlink(join(folder, 'other.csv'), join(inbox, 'gateway/day.csv'))
    if (arrival === undefined) throw new Error('nothing arrived')
    const request = { complete: false, mapping: 'sandbox', by: 'ani', nowMs: Date.now() }
    const taken = await inSession(scene.databaseUrl, (session) => takeArrival(session, arrival, request))
    expect(taken).toEqual({ is: 'gone' })
  })

  it('says no phone number of a file that is imported already', async () => {
    const { file } = aDayOf()
    for (const name of ['081234567891.csv', 'again.csv']) await arrived(name, file)
    const { out } = await take()
    expect(out).toContain('imported already')
    expect(out).not.toContain('081234567891')
  })

  it('leaves the files where they are when the database cannot be used', async () => {
    await arrived('day.csv', aDayOf().file)
    const { code } = await runInProcess(['recon', 'inbox', inbox, '--once'], {
      env: { DATABASE_URL: scene.databaseUrl.replace(/\/[^/]*$/, '/missing') },
      cwd: folder,
      input: '',
    })
    expect(code).toBe(2)
    expect(await findArrivals(inbox, Date.now())).toHaveLength(1)
  })

  it('says when there is no such folder, or none is named', async () => {
    const missing = await goldpro(join(inbox, 'missing'))
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('cannot read the folder') })
    const env = { DATABASE_URL: scene.databaseUrl }
    const unnamed = await runInProcess(['recon', 'inbox', '--once'], { env, cwd: folder, input: '' })
    expect(unnamed).toMatchObject({ code: 2, err: expect.stringContaining('STATEMENT_INBOX') })
  })
})
