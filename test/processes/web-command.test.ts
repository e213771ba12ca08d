import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readText } from '../ground/tables.ts'
import { runAlone, runCommand, startCommand } from '../support/servers/command.ts'
import { freePort } from '../support/servers/http-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'
import { aBuy, ask } from '../support/servers/web.ts'

let place: TestDatabase
beforeAll(async () => {
  place = await createTestDatabase()
})
afterAll(async () => {
  await place.drop()
})

const goldpro = (...args: string[]) =>
  runCommand(args, { env: { DATABASE_URL: place.databaseUrl, WALLET_POLICY: 'first_use' } })

describe('goldpro partner', () => {
  it('shows a key once, lists it by its prefix, changes it over and ends it', async () => {
    const added = await goldpro('partner', 'add', 'acme', '--json', '--by', 'ani')
    expect(added.code).toBe(0)
    const { key, prefix } = JSON.parse(added.out)
    expect(key).toMatch(/^gp_[a-z0-9]{12}_[\w-]{43}$/)
    expect(await goldpro('partner', 'add', 'acme')).toMatchObject({
      code: 1,
      err: expect.stringContaining('rotate'),
    })
    const rotated = await goldpro('partner', 'rotate-key', 'acme', '--overlap-minutes', '60')
    expect(rotated.out).toMatch(/^key {13}gp_/)
    expect(await goldpro('partner', 'rotate-key', 'acme')).toMatchObject({ code: 1 })
    const list = await goldpro('partner', 'list')
    expect(list.out).toContain(`gp_${prefix} of main (orders:write orders:read batches:write) until `)
    expect(list.out + (await goldpro('partner', 'list', '--json')).out).not.toMatch(/gp_\w{12}_|[0-9a-f]{64}/)
    expect((await goldpro('partner', 'revoke', 'acme', '--key', `gp_${prefix}`)).out).toBe(
      `revoked gp_${prefix}\n`,
    )
    expect(await goldpro('partner', 'revoke', 'acme', '--key', prefix)).toMatchObject({ code: 1 })
    expect((await goldpro('partner', 'list', 'acme')).out).not.toContain(prefix)
  })

  it('gives each holder a key with rights of its own, and rotates that of the one that is named', async () => {
    await goldpro('partner', 'add', 'held', '--holder', 'erp')
    const asked = ['partner', 'add-key', 'held', '--holder', 'finance', '--scopes', 'approve', 'orders:read']
    const given = await goldpro(...asked, '--json')
    expect(JSON.parse(given.out)).toMatchObject({ holder: 'finance', scopes: ['approve', 'orders:read'] })
    expect(await goldpro(...asked)).toMatchObject({ code: 1, err: expect.stringContaining('rotate it') })
    expect((await goldpro('partner', 'rotate-key', 'held', '--holder', 'finance')).out).toMatch(
      /holder {10}finance\nscopes {10}approve, orders:read/,
    )
    expect(await goldpro('partner', 'rotate-key', 'held')).toMatchObject({
      code: 1,
      err: expect.stringContaining('held has no holder main'),
    })
    expect(await goldpro('partner', 'add-key', 'held', '--holder', 'Finance Dept')).toMatchObject({ code: 2 })
    expect(await goldpro('partner', 'add-key', 'held', '--holder', 'other')).toMatchObject({ code: 2 })
    const listed = JSON.parse((await goldpro('partner', 'list', 'held', '--json')).out)
    expect(listed.keys.map(({ holder }: { holder: string }) => holder)).toEqual(['erp', 'finance', 'finance'])
  })

  it('sets limits, lifts them, and refuses what is none', async () => {
    await goldpro('partner', 'add', 'limited', '--signed', '--scopes', 'orders:read')
    const limits = ['--orders-per-minute', '60', '--rupiah-per-day', '50000000', '--kinds', 'buy,sell']
    expect(await goldpro('partner', 'set-limits', 'limited', ...limits)).toMatchObject({ code: 0 })
    const shown = (await goldpro('partner', 'list', 'limited')).out
    expect(shown).toContain('60 orders/minute; Rp 50.000.000/day; only buy, sell')
    expect(shown).toContain('(orders:read, signed)')
    await goldpro(
      'partner',
      'set-limits',
      'limited',
      '--orders-per-minute',
      'none',
      '--addresses',
      '192.0.2.0/24',
    )
    expect((await goldpro('partner', 'list', 'limited')).out).toContain(
      'Rp 50.000.000/day; only buy, sell; from 192.0.2.0/24',
    )
    for (const [option, value] of [
      ['--orders-per-minute', '0'],
      ['--rupiah-per-order', '1.5'],
      ['--kinds', 'lend'],
      ['--addresses', 'example.com'],
    ])
      expect(
        await goldpro('partner', 'set-limits', 'limited', option ?? '', value ?? ''),
        option,
      ).toMatchObject({
        code: 2,
      })
    expect(await goldpro('partner', 'set-limits', 'limited')).toMatchObject({ code: 2 })
    expect(await goldpro('partner', 'set-limits', 'nobody', '--kinds', 'buy')).toMatchObject({ code: 1 })
    expect(await goldpro('partner', 'suspend', 'limited')).toMatchObject({ code: 0 })
    expect(await goldpro('partner', 'suspend', 'limited')).toMatchObject({ code: 1 })
    expect((await goldpro('partner', 'resume', 'limited')).out).toBe('limited is active\n')
  })
})

describe('goldpro web', () => {
  it('serves the API until it is told to end, and then ends cleanly', async () => {
    const { key } = JSON.parse((await goldpro('partner', 'add', 'shop', '--json')).out)
    const [port, metricsPort] = [await freePort(), await freePort()]
    const env = { DATABASE_URL: place.databaseUrl, HTTP_PORT: `${port}`, HTTP_METRICS_PORT: `${metricsPort}` }
    const web = startCommand(['web'], { env })
    await web.printed('web started')
    const url = `http://127.0.0.1:${port}`
    expect((await ask(url, 'GET', '/readyz')).json).toEqual({
      database: 'up',
      migrations: 'current',
      queue: 'up',
    })
    const { version } = JSON.parse(readText('package.json')) as { version: string }
    expect((await ask(url, 'GET', '/openapi.json')).json.info).toMatchObject({ version })
    expect((await ask(url, 'GET', '/docs')).text).toContain(`Version ${version}.`)
    expect((await goldpro('--version')).out).toBe(`${version}\n`)
    expect((await ask(url, 'POST', '/v1/orders', { key, body: aBuy() })).status).toBe(202)
    expect(await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()).toContain('goldpro_orders')
    const second = await runAlone(['web'], { env })
    expect(second).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^goldpro: cannot listen .*EADDRINUSE/m),
    })
    web.child.kill('SIGTERM')
    const { code, err, out } = await web.ended
    expect(code).toBe(0)
    expect(err).toContain('"partner":"shop"')
    expect(out + err).not.toMatch(/0812345|gp_\w{12}_/)
  })

  it('refuses to start on a database that is not migrated, or with a setting that is none', async () => {
    expect(await runCommand(['web'], { env: { DATABASE_URL: 'postgres://127.0.0.1:1/x' } })).toMatchObject({
      code: 1,
    })
    expect(await runCommand(['web'], { env: { HTTP_PORT: '0' } })).toMatchObject({
      code: 2,
      err: expect.stringContaining('HTTP_PORT'),
    })
  })
})
