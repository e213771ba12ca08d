import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { jobData } from '../support/factories/job-data.ts'
import { memoryOrDisk } from '../support/memory.ts'
import { MAIN, runAlone, runCommand, startCommand } from '../support/servers/command.ts'
import { signIn } from '../support/servers/console.ts'
import { aBuy, ask } from '../support/servers/web.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(memoryOrDisk(), 'goldpro-up-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('the demo', () => {
  it('runs orders of every kind, agrees with the ledger, and shows nobody', async () => {
    const env = {
      LOG_LEVEL: 'trace',
      DATABASE_URL: 'postgres://127.0.0.1:1/never',
      GATEWAY_URL: 'http://127.0.0.1:1',
    }
    const { code, out, err } = await runAlone(['demo', '--orders', '120', '--seed', '3'], {
      cwd: folder,
      env,
    })
    expect(out).toMatch(/✓ no order was executed more than once/)
    expect(out).not.toContain('✗')
    for (const kind of ['buy', 'sell', 'transfer', 'withdraw', 'all ']) expect(out).toContain(`\n${kind}`)
    expect(out).toMatch(/requotes: [1-9]/)
    expect(out).toMatch(/doubts: [1-9]\d* orders in doubt, Rp [\d.]+ at risk/)
    expect(out.match(/\b[0-9A-F]{32}\b/g)?.length).toBeGreaterThanOrEqual(4)
    expect(code).toBe(0)
    expect(out + err).not.toMatch(/0812000\d{5}|3174999901010001/)
    expect(err).toContain('"level":')
  })
})

describe('up', () => {
  const goldpro = (args: string[]) => runCommand(args, { cwd: folder })
  const alone = (args: string[], input = '') => runAlone(args, { cwd: folder, input })
  const up = async () => {
    const command = startCommand(['up'], { cwd: folder, env: { LOG_LEVEL: 'warn' } })
    await command.printed('Ctrl-C ends it')
    return command
  }

  /** Runs what `up` says to try with webhooks, batches and plans, as it is printed, and tells what failed. */
  const triedHints = async (printed: string) => {
    const lines = printed.split('\n').filter((line) => /npx goldpro (webhook|batch|plan) /.test(line))
    expect(lines.length).toBeGreaterThan(7)
    const failed: string[] = []
    for (const line of lines) {
      const command = line.replace('npx goldpro', `"${process.execPath}" "${MAIN}"`)
      await promisify(execFile)('sh', ['-c', command], {
        cwd: folder,
        env: { PATH: process.env.PATH },
      }).catch((error) => failed.push(`${line}: ${error.message}`))
    }
    expect((await goldpro(['batch', 'results', '1'])).out.match(/,succeeded,executed,/g)).toHaveLength(4)
    return failed
  }

  it('is found by the other commands, ends on Ctrl-C, and has its orders again at the next start', async () => {
    const first = await up()
    expect((await stat(join(folder, '.goldpro', 'up.json'))).mode & 0o777).toBe(0o600)
    const order = { kind: 'buy', ...jobData.buy({ reference: 'kept' }) }
    expect((await alone(['enqueue', '-'], JSON.stringify(order))).code).toBe(0)
    await eventually(async () =>
      (await goldpro(['orders', 'list'])).out.includes('succeeded') ? true : null,
    )
    const prices = () => goldpro(['prices', '--json'])
    await eventually(async () => ((await prices()).out.includes('"sell":"848044"') ? true : null))
    const url = /http:\/\/127\.0\.0\.1:\d+(?=\/v1\/orders)/.exec(first.out())?.[0]
    const { key } = JSON.parse((await goldpro(['partner', 'add', 'shop', '--json'])).out)
    const placed = await ask(url ?? '', 'POST', '/v1/orders?wait=30', {
      key,
      body: aBuy({ phone_number: '081234500003' }),
    })
    expect(placed).toMatchObject({ status: 202, json: { state: 'succeeded' } })
    expect(await triedHints(first.out())).toEqual([])
    const [, consoleUrl = '', password = ''] =
      /The console: (\S+)\n.*password of both is (\S+)/.exec(first.out()) ?? []
    for (const name of ['ani', 'budi'])
      expect(await signIn(consoleUrl, name, password)).toContain('goldpro-session=')
    expect((await alone(['up'])).err).toMatch(/^starting PostgreSQL …\ngoldpro: .*\n$/)
    first.child.kill('SIGINT')
    expect((await first.ended).code).toBe(0)
    expect(await goldpro(['orders', 'list'])).toMatchObject({ code: 2 })
    const second = await up()
    expect((await goldpro(['orders', 'show', 'acme/kept'])).out).toContain('succeeded')
    second.child.kill('SIGKILL')
    await second.ended
    const third = await up()
    expect((await goldpro(['orders', 'show', 'acme/kept'])).out).toContain('succeeded')
    third.child.kill('SIGTERM')
    expect((await third.ended).code).toBe(0)
  })
})
