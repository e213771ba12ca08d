import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { anOrderIn, openStores } from '../../support/factories/stored-orders.ts'
import { ownEveryBatch } from '../../support/scenes/own-batch.ts'
import { verified } from '../../support/scenes/webhook-endpoints.ts'
import { runCommand, startCommand } from '../../support/servers/command.ts'
import { startServer, type TestServer } from '../../support/servers/http-server.ts'
import { createTestDatabase, type TestDatabase } from '../../support/servers/postgres.ts'
import { unnamed } from '../../support/unnamed.ts'

let test: TestDatabase
let stores: ReturnType<typeof openStores>
let server: TestServer
let folder: string
let status = 200

beforeAll(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl)
  folder = await mkdtemp(join(tmpdir(), 'goldpro-webhook-'))
  server = await startServer((_, response) => response.writeHead(status).end('said 081234500001'))
})
afterAll(async () => {
  await server?.stop()
  await stores?.database.close()
  await test?.drop()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  status = 200
  // Each test has its own endpoint alone.
  const text = `UPDATE webhook_endpoints SET state = 'removed', paused_because = NULL, secret = NULL,
    previous_secret = NULL, previous_until = NULL`
  await stores.database.run(unnamed(text), [])
})

const env = (more: Record<string, string> = {}) => ({
  ...{ DATABASE_URL: test.databaseUrl, WEBHOOK_ALLOW_LOOPBACK: 'true', LOG_LEVEL: 'debug' },
  ...more,
})
const goldpro = (args: string[], more: Record<string, string> = {}) =>
  runCommand(['webhook', ...args], { env: env(more), cwd: folder })

async function add(...args: string[]): Promise<{ id: string; secret: string }> {
  const { code, out, err } = await goldpro(['add', 'acme', `${server.url}/hook?key=hidden`, ...args])
  expect([code, err]).toEqual([0, ''])
  const [, id = '', secret = ''] = /^endpoint (\d+) of acme\nsecret {3}(whsec_\S{44})\n/.exec(out) ?? []
  return { id, secret }
}
const row = async (id: string) => {
  const { out } = await goldpro(['list', '--json', '--removed'])
  const rows = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  return rows.find((each) => String(each.id) === id)
}

it.concurrent.each([
  ...['add', 'list', 'rotate-secret', 'pause', 'resume'],
  ...['remove', 'deliveries', 'replay', 'test'],
])('webhook %s --help shows an example and ends with 0', async (command) => {
  const { code, out } = await runCommand(['webhook', command, '--help'])
  expect(code).toBe(0)
  expect(out).toContain('Example')
})

describe('webhook add', () => {
  it('prints the secret once; no list prints it, or what follows the URL’s path', async () => {
    const { id, secret } = await add()
    for (const args of [['list'], ['list', '--json'], ['deliveries'], ['deliveries', '--json']]) {
      const { out } = await goldpro(args)
      expect(out).not.toContain(secret)
      expect(out).not.toContain('hidden')
    }
    expect(await row(id)).toMatchObject({ state: 'active', partner: 'acme', url: `${server.url}/hook?…` })
  })

  it.each([
    ['http://receiver.example', /must begin with https/],
    ['https://10.0.0.1', /not one of the public internet/],
    ['https://user:pass@receiver.example', /user or password/],
    ['nonsense', /no URL/],
  ])('refuses %s with 2 and says why', async (url, why) => {
    const { code, err } = await goldpro(['add', 'acme', url])
    expect(code).toBe(2)
    expect(err).toMatch(why)
    expect(err).not.toContain('pass@')
  })

  it('refuses this machine unless the setting allows it, and kinds that would lose an end', async () => {
    const closed = await goldpro(['add', 'acme', server.url], { WEBHOOK_ALLOW_LOOPBACK: 'false' })
    expect(closed).toMatchObject({ code: 2, err: expect.stringContaining('https://') })
    const lossy = await goldpro(['add', 'acme', server.url, '--kinds', 'order.succeeded'])
    expect(lossy).toMatchObject({ code: 2, err: expect.stringContaining('order.resolved') })
    expect(await goldpro(['add', 'a partner', server.url])).toMatchObject({ code: 2 })
  })
})

describe('an endpoint that takes batches alone', () => {
  it('says so in the list, and its deliveries name the batch', async () => {
    await ownEveryBatch(stores.database, 'acme')
    const { id } = await add('--kinds', 'batch.finished')
    expect((await goldpro(['list'])).out).toMatch(/batch\.finished\n/)
    const text = `
      WITH batch AS (
        INSERT INTO batches (file_name, state, reason, actor, created_by) VALUES ('pay.csv', 'draft', 'created', 'x', 'x') RETURNING id
      ), event AS (
        INSERT INTO webhook_events (kind, at, batch_id, counts) SELECT 'batch.finished', now(), id, '{}' FROM batch RETURNING *
      )
      INSERT INTO webhook_deliveries (endpoint_id, event_id, next_at) SELECT $1, id, now() FROM event`
    await stores.database.run(unnamed(text), [id])
    const shown = await goldpro(['deliveries', '--endpoint', id])
    expect(shown.out).toMatch(/batch\.finished +batch 1 /)
    const json = await goldpro(['deliveries', '--endpoint', id, '--json'])
    expect(JSON.parse(json.out)).toMatchObject({ kind: 'batch.finished', batchId: 1, reference: null })
  })

  it('is shown as taking all kinds when it chose none', async () => {
    const { id } = await add()
    expect((await goldpro(['list'])).out).toMatch(/ all\n/)
    expect((await row(id)).kinds).toContain('batch.finished')
  })
})

describe('webhook test', () => {
  it('sends a message that verifies, and says what came of it', async () => {
    const { id, secret } = await add()
    const { code, out } = await goldpro(['test', id])
    expect([code, out]).toEqual([0, expect.stringMatching(/^delivered: 200 after \d+ ms\n$/)])
    const request = server.requests.at(-1)
    if (request === undefined) throw new Error('nothing was received')
    expect(verified(request, secret)).toMatchObject({ type: 'webhook.test', data: {} })
  })

  it('ends with 1 when it was not taken, masks the reply, and neither tries again nor blames the endpoint', async () => {
    const { id } = await add()
    status = 500
    expect(await goldpro(['test', id])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^goldpro: not delivered: 500 after \d+ ms: said 08xxxxxxx001\n$/),
    })
    expect(await row(id)).toMatchObject({ state: 'active', failingSince: null, pending: 0, givenUp: 1 })
  })
})

describe('webhook rotate-secret', () => {
  it('prints a new secret, with which and with the one before messages verify', async () => {
    const { id, secret } = await add()
    const { code, out } = await goldpro(['rotate-secret', id, '--json'])
    expect(code).toBe(0)
    await goldpro(['test', id])
    const request = server.requests.at(-1)
    if (request === undefined) throw new Error('nothing was received')
    for (const each of [secret, JSON.parse(out).secret]) expect(verified(request, each)).toBeDefined()
    expect((await goldpro(['list'])).out).toContain('two secrets until')
  })
})

describe('webhook pause, resume and remove', () => {
  it('stop and start what is sent, and say so in the list', async () => {
    const { id } = await add()
    expect(await goldpro(['pause', id, '--note', 'moves', '--by', 'ani'])).toMatchObject({ code: 0 })
    await anOrderIn(stores, 'cancelled')
    expect(await row(id)).toMatchObject({ state: 'paused', note: 'ani: moves', pending: 1 })
    expect((await goldpro(['list'])).out).toMatch(/PAUSED \S+\+07:00: ani: moves/)
    expect(await goldpro(['resume', id])).toMatchObject({
      code: 0,
      out: `endpoint ${id} is active: 1 waiting\n`,
    })
    const removed = await goldpro(['remove', id, '--note', 'left', '--by', 'ani'])
    expect(removed).toMatchObject({ code: 0, out: `endpoint ${id} is removed: 1 given up\n` })
    expect(await row(id)).toMatchObject({ state: 'removed', pending: 0, givenUp: 1 })
    const [kept] = await stores.database.run(
      unnamed('SELECT secret, previous_secret FROM webhook_endpoints WHERE id = $1'),
      [id],
    )
    expect(kept).toEqual({ secret: null, previous_secret: null })
    for (const args of [
      ['resume', id],
      ['pause', id, '--note', 'x'],
      ['rotate-secret', id],
      ['test', id],
    ])
      expect(await goldpro(args)).toMatchObject({ code: 1, err: expect.stringContaining('no endpoint') })
  })

  it.each([
    ['pause', 'x', '--note', 'y'],
    ['resume', '0'],
    ['replay'],
    ['replay', 'x'],
    ['replay', '--endpoint', '1'],
  ])('%s %s refuses wrong usage with 2', async (...args) => {
    expect(await goldpro(args)).toMatchObject({ code: 2 })
  })
})

describe('goldpro scheduler', () => {
  it('sends what is due, logs nothing personal or secret, and sends again what is replayed', async () => {
    const { id, secret } = await add()
    const scheduler = startCommand(['scheduler'], { env: env(), cwd: folder, input: null })
    try {
      await scheduler.printed('scheduler started')
      const orderId = await anOrderIn(stores, 'succeeded', 'withdraw')
      const messages = () =>
        server.requests.filter(({ body }) => body.includes(orderId)).map((each) => verified(each, secret))
      const received = async (count: number) => (messages().length >= count ? messages() : null)
      expect(await eventually(() => received(1))).toMatchObject([{ type: 'order.succeeded' }])
      const { out } = await goldpro(['deliveries', '--endpoint', id, '--json'])
      const delivery = JSON.parse(out.split('\n')[0] ?? '')
      expect(delivery).toMatchObject({ kind: 'order.succeeded', sequence: 1, reply: 'said 08xxxxxxx001' })
      expect((await goldpro(['deliveries', '--event', delivery.eventId])).out).toMatch(/said 08xxxxxxx001/)
      expect(await goldpro(['replay', delivery.eventId])).toMatchObject({
        code: 0,
        out: expect.stringMatching(/to be sent again/),
      })
      const again = await eventually(() => received(2))
      expect(again[1]).toEqual(again[0])
    } finally {
      scheduler.child.kill('SIGTERM')
    }
    const { code, err } = await scheduler.ended
    expect(code).toBe(0)
    expect(err).toContain('webhook delivered')
    for (const hidden of [secret, '081234500001', 'hidden', 'Jl. Contoh']) expect(err).not.toContain(hidden)
  })
})
