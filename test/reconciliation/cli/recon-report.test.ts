import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openReportScene, type ReportScene } from '../../support/scenes/report-scene.ts'
import { runCommand } from '../../support/servers/command.ts'
import { createTestDatabase, type TestDatabase } from '../../support/servers/postgres.ts'

let scene: ReportScene
let empty: TestDatabase
let folder: string

beforeAll(async () => {
  scene = await openReportScene()
  empty = await createTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'goldpro-report-'))
})
afterAll(async () => {
  await scene?.close()
  await empty?.drop()
  await rm(folder, { recursive: true, force: true })
})

const report = (args: string[], databaseUrl = scene.databaseUrl) =>
  runCommand(['recon', 'report', ...args], { env: { DATABASE_URL: databaseUrl }, cwd: folder })

describe('goldpro recon report', () => {
  it('--help shows an example and ends with 0', async () => {
    const { code, out } = await runCommand(['recon', 'report', '--help'])
    expect(code).toBe(0)
    expect(out).toContain('Example')
  })

  it('prints every section as a table and ends with 0, though breaks are open', async () => {
    const { code, out, err } = await report([])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('reconciliation 2026-02-09 to 2026-02-10, made ')
    expect(out).toMatch(/open breaks +4, 2 overdue, Rp 941\.015, 1,1000 g/)
    expect(out).toMatch(/^missing_at_gateway .* 1 +1 +Rp 441\.000 +0,5000/m)
    expect(out).toMatch(/^awaiting_statement .* 1 +Rp 0 +2,0000/m)
    expect(out).toMatch(/^ +≠ difference +0 +-0,1001 +-Rp 59\.010 +Rp 5$/m)
    expect(out).toMatch(/^session_id +6 +60,0000 %$/m)
    expect(out).toMatch(/^breaks written off by two people +0 +1 +0$/m)
    expect(out).toMatch(/^gateway +2026-02-10$/m)
    for (const { phoneNumber } of Object.values(scene.orders)) expect(out).not.toContain(phoneNumber)
  })

  it('--json prints what --format json prints', async () => {
    const [short, long] = await Promise.all([report(['--json']), report(['--format', 'json'])])
    const { madeAt: _short, ...said } = JSON.parse(short.out)
    const { madeAt: _long, ...saidAtLength } = JSON.parse(long.out)
    expect(said).toEqual(saidAtLength)
    expect(said.totals.all.ours).toEqual({ count: 11, grams: '5.5000', rupiah: '4851000', fees: '55000' })
  })

  it('--period narrows it to its days', async () => {
    const { out } = await report(['--period', '2026-02-10', '--format', 'csv'])
    expect(out).toContain('total,2026-02-10,transfer,,,count,1,1,0,')
    expect(out).not.toContain('total,2026-02-09')
  })

  it('--output writes the file and prints nothing else', async () => {
    const { code, out } = await report(['--format', 'html', '--output', 'page.html'])
    expect({ code, out }).toEqual({ code: 0, out: 'page.html is written\n' })
    expect(await readFile(join(folder, 'page.html'), 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/)
  })

  it('of an empty database says that there is no statement yet', async () => {
    const { code, out } = await report([], empty.databaseUrl)
    expect(code).toBe(0)
    expect(out).toContain('There is no statement yet.')
    expect(out).toContain('No break is open.')
  })

  it.each([
    ['a day that is none', ['--period', '2026-02-30'], 2, /must be a day such as 2026-02-09/],
    ['days in the wrong order', ['--period', '2026-02-10..2026-02-09'], 2, /must be a day such as/],
    ['a format that is none', ['--format', 'pdf'], 2, /Allowed choices are table, csv, json, html/],
    ['two formats at once', ['--json', '--format', 'html'], 2, /cannot be used with/],
    [
      'a folder that is not there',
      ['--output', 'nowhere/x'],
      1,
      /^goldpro: cannot write nowhere\/x \(ENOENT\)$/m,
    ],
  ])('refuses %s', async (_what, args, code, line) => {
    const ended = await report(args)
    expect(ended.code).toBe(code)
    expect(ended.err).toMatch(line)
    expect(ended.out).toBe('')
  })
})
