import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WALLET } from '../../support/factories/job-data.ts'
import { runCommand } from '../../support/servers/command.ts'
import { createTestDatabase, type TestDatabase } from '../../support/servers/postgres.ts'

let test: TestDatabase
let folder: string
beforeAll(async () => {
  test = await createTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'goldpro-days-'))
})
afterAll(async () => {
  await test?.drop()
  await rm(folder, { recursive: true, force: true })
})

const BUY = { kind: 'buy', partner: 'acme', phone_number: WALLET, gold_weight: 0.5 }

const goldpro = (args: readonly string[], input: object | string = '') =>
  runCommand([...args], {
    cwd: folder,
    env: { DATABASE_URL: test.databaseUrl },
    input: typeof input === 'string' ? input : JSON.stringify(input),
  })

/** A weekday some days ahead that every month has: 01 to 28. */
function aWeekday(): string {
  for (let ahead = 3; ; ahead += 1) {
    const day = new Date(Date.now() + ahead * 86_400_000)
    if (day.getUTCDate() <= 28 && ![0, 6].includes(day.getUTCDay())) return day.toISOString().slice(0, 10)
  }
}

const DAY = aWeekday()
const dayOfMonth = String(Number(DAY.slice(8)))

async function approve(out: string): Promise<void> {
  const request = /request (\d+)/.exec(out)?.[1] ?? ''
  const note = ['--note', 'compared', '--by', 'budi']
  const approved = await goldpro(['approvals', 'approve', request, ...note])
  expect(approved.out).toContain('is approved and carried out')
}

const ANI = ['--note', 'the decree', '--by', 'ani']

describe('holidays', () => {
  it('are proposed from a file, approved by another person, listed, and shown at the due times they move', async () => {
    const monthly = ['--monthly', dayOfMonth, '--weekend', 'after']
    await goldpro(['plan', 'add', 'savings', '--order', '-', ...monthly], BUY)
    await writeFile(join(folder, 'holidays.csv'), `date,name\n${DAY},Hari Uji\n`)
    const proposed = await goldpro(['holidays', 'import', 'holidays.csv', ...ANI])
    expect(proposed.out).toContain(`+ ${DAY} Hari Uji`)
    expect((await goldpro(['holidays', 'list'])).out).toContain('no holidays are approved')
    expect((await goldpro(['plan', 'show', 'savings'])).out).not.toContain(`moved from ${DAY}`)
    await approve(proposed.out)
    expect((await goldpro(['holidays', 'list'])).out).toContain('Hari Uji')
    expect((await goldpro(['plan', 'show', 'savings'])).out).toContain(`moved from ${DAY} (Hari Uji)`)
    const json = JSON.parse((await goldpro(['plan', 'show', 'savings', '--json'])).out)
    expect(json.coming[0].movedFrom).toEqual({ day: DAY, holiday: 'Hari Uji' })
  })

  it('are refused with their lines, and proposed for the years that come with the program', async () => {
    await writeFile(join(folder, 'bad.csv'), 'date,name\n2026-02-30,x\n')
    const refused = await goldpro(['holidays', 'import', 'bad.csv', ...ANI])
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('line 2: date must be a day')])
    const unknown = await goldpro(['holidays', 'propose', '2031', ...ANI])
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('2026 and 2027')])
    const expected = await goldpro(['holidays', 'propose', '2027', ...ANI])
    expect(expected.err).toContain('only EXPECTED')
    const again = await goldpro(['holidays', 'propose', '2026', ...ANI])
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('ani has proposed it already')])
  })
})

describe('a date of a plan', () => {
  it('is skipped with a reason, shown so, and made due again', async () => {
    await goldpro(['plan', 'add', 'gift', '--order', '-', '--monthly', dayOfMonth], BUY)
    const reason = ['--reason', 'asked for by phone', '--by', 'ani']
    expect((await goldpro(['plan', 'skip', 'gift', DAY, ...reason])).out).toContain(`${DAY} of plan`)
    const shown = (await goldpro(['plan', 'show', 'gift'])).out
    expect(shown).toContain('skipped by ani: asked for by phone')
    expect((await goldpro(['plan', 'unskip', 'gift', DAY, ...reason])).out).toContain('is due again')
    expect((await goldpro(['plan', 'show', 'gift'])).out).toContain('; due again by ani')
    const wrong = await goldpro(['plan', 'skip', 'gift', '2001-01-01', ...reason])
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('is not due on 2001-01-01')])
  })
})

describe('plan change', () => {
  it('gives a plan another order from a day on, once another person approves, and links the two', async () => {
    await goldpro(['plan', 'add', 'salary', '--order', '-', '--monthly', dayOfMonth], BUY)
    const from = ['--from', DAY, '--note', 'she asked', '--by', 'ani']
    const order = { ...BUY, gold_weight: 1.5 }
    const proposed = await goldpro(['plan', 'change', 'salary', '--order', '-', ...from], order)
    expect(proposed.out).toContain(`from ${DAY} on, plan`)
    expect(proposed.out).not.toContain(WALLET)
    await approve(proposed.out)
    expect((await goldpro(['plan', 'show', 'salary.2'])).out).toMatch(/after plan \d+ salary/)
    expect((await goldpro(['plan', 'show', 'salary.2'])).out).toContain('1,5000 g')
    expect((await goldpro(['plan', 'show', 'salary'])).out).toMatch(/it is plan \d+ salary\.2/)
  })

  it('is refused at once where it would be refused at the approval', async () => {
    await goldpro(['plan', 'add', 'kept', '--order', '-', '--monthly', dayOfMonth, '--count', '5'], BUY)
    const from = ['--from', DAY, '--note', 'she asked', '--by', 'ani']
    const refusal = async (...args: string[]) =>
      (await goldpro(['plan', 'change', 'kept', ...args, ...from])).err
    expect(await refusal()).toContain('say what changes')
    expect(await refusal('--cron', '0 9 1 * *')).toContain('say by --count')
    expect(await refusal('--cron', 'x', '--count', '2')).toContain('--cron must be five fields')
  })
})
