import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { jobData } from '../support/factories/job-data.ts'
import { memoryOrDisk } from '../support/memory.ts'
import { runAlone, runCommand, startCommand } from '../support/servers/command.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'

let folder: string
let test: TestDatabase
beforeAll(async () => {
  folder = await mkdtemp(join(memoryOrDisk(), 'goldpro-ledger-'))
  test = await createTestDatabase()
})
afterAll(async () => {
  await test?.drop()
  await rm(folder, { recursive: true, force: true })
})

const ORDERS = 12

/** Runs `up` on a database, and kills it in the middle of orders. Then runs it again and reconciles what there is. */
async function reconcileAfterKill(folder: string, place: Record<string, string>) {
  // An order that was being sent when `up` was killed is in doubt after the time that a call may take.
  const env = { ...place, GATEWAY_TIMEOUT_MS: '5000' }
  const goldpro = (args: string[], input = '') => runCommand(args, { cwd: folder, env, input })
  const up = async () => {
    const command = startCommand(['up'], { cwd: folder, env: { ...env, LOG_LEVEL: 'warn' } })
    await command.printed('Ctrl-C ends it')
    return { ...command, gatewayUrl: /gateway (http:\S+)/.exec(command.out())?.[1] ?? '' }
  }
  const someOrders = () =>
    Array.from({ length: ORDERS }, () => JSON.stringify({ kind: 'buy', ...jobData.buy() }))
  const enqueue = async (orders: readonly string[]) => {
    expect((await goldpro(['enqueue', '-'], orders.join('\n'))).code).toBe(0)
  }
  const succeeded = async () =>
    (await goldpro(['orders', 'list', '--json'])).out.match(/"succeeded"/g)?.length ?? 0
  const first = await up()
  const orders = someOrders()
  await enqueue(orders)
  await eventually(async () => ((await succeeded()) > 0 ? true : null))
  first.child.kill('SIGKILL')
  await first.ended
  const second = await up()
  // The partner adds all of the first ones again: their jobs would wait for the locks of the one that was killed.
  await enqueue([...orders, ...someOrders()])
  const settled = /"(succeeded|in_doubt|expired)","reason"/g
  await eventually(async () => {
    const { out } = await goldpro(['orders', 'list', '--json'])
    return out.match(settled)?.length === 2 * ORDERS ? true : null
  })
  const statement = await (await fetch(`${second.gatewayUrl}/sandbox/statement`)).text()
  const period = /--period (\S+)\.\.now/.exec(second.out())?.[1]
  const imported = await goldpro(
    ['recon', 'import', '-', '--period', `${period}..now`, '--complete'],
    statement,
  )
  expect(imported).toMatchObject({ code: 0 })
  const { out } = await goldpro(['recon', 'run', '--lag-minutes', '0', '--json'])
  second.child.kill('SIGINT')
  expect((await second.ended).code).toBe(0)
  return { lines: statement.trimEnd().split('\n').slice(1), run: JSON.parse(out) }
}

describe('after a kill and a new start of up', () => {
  const folderOf = (which: string) => join(folder, which.replaceAll(' ', '-'))

  it.concurrent.each(['its own database', 'a database of its settings'])(
    'the statement is true for %s: no break is false, and no id comes twice',
    async (which) => {
      await mkdir(folderOf(which))
      const { lines, run } = await reconcileAfterKill(
        folderOf(which),
        which === 'its own database' ? {} : { DATABASE_URL: test.databaseUrl },
      )
      expect(run).toMatchObject({ openBreaks: 0, unmatchedLines: 0 })
      expect(lines.length).toBeGreaterThan(ORDERS)
      for (const column of [0, 1, 2])
        expect(new Set(lines.map((line) => line.split(',')[column])).size).toBe(lines.length)
    },
  )

  it('the ledger of its own database is among that database’s files, and the other one beside it', async () => {
    const filesOf = (which: string) => readdir(join(folderOf(which), '.goldpro'))
    const own = await filesOf('its own database')
    const other = await filesOf('a database of its settings')
    const isLedger = (name: string) => /^sandbox-[\d-]+\.jsonl$/.test(name)
    expect(own.filter(isLedger)).toEqual([])
    expect(other.filter(isLedger)).toHaveLength(1)
    expect([...own, ...other].filter((name) => name.endsWith('.owner.json'))).toEqual([])
  })
})

describe('sandbox --ledger', () => {
  it('keeps the ledger, refuses another seed, and a second sandbox on it', async () => {
    const file = join(folder, 'own.jsonl')
    const args = ['sandbox', '--port', '0', '--ledger', file]
    const first = startCommand([...args, '--seed', '7'])
    await first.printed('Ctrl-C ends it')
    expect(first.out()).toContain(`kept in ${file}, 0 transactions so far`)
    expect(await runAlone(args)).toMatchObject({
      code: 1,
      err: expect.stringContaining('in use by process'),
    })
    first.child.kill('SIGKILL')
    await first.ended
    expect(await runAlone([...args, '--seed', '8'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('was begun with --seed 7'),
    })
    const second = startCommand(args)
    await second.printed('Ctrl-C ends it')
    second.child.kill('SIGINT')
    expect((await second.ended).code).toBe(0)
  })
})
