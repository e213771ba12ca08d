import { fork } from 'node:child_process'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWorker } from '../../src/processes/worker.ts'
import { scriptedGateway, silentLog } from '../support/deps.ts'
import { eventually } from '../support/eventually.ts'
import { aBuy, ask, freezeUsage, startTestWeb, type TestWeb } from '../support/servers/web.ts'
import { unnamed } from '../support/unnamed.ts'

let here: TestWeb
const lines: Record<string, unknown>[] = []
const log = { ...silentLog, info: (fields: object) => void lines.push(fields as Record<string, unknown>) }
beforeAll(async () => {
  here = await startTestWeb({ log })
})
afterAll(async () => {
  await here?.stop()
})

const count = async (partner: string) => {
  const rows = await here.database.run<{ orders: number }>(
    unnamed('SELECT count(*)::int AS orders FROM orders WHERE partner = $1'),
    [partner],
  )
  return rows[0]?.orders
}
const place = (key: string, overrides: object = {}, web = here) =>
  web.ask('POST', '/v1/orders', { key, body: aBuy(overrides) })

describe('accepting', () => {
  it.each([
    ['without limits', {}],
    ['within limits', { orders_per_minute: 5, rupiah_per_day: '250000', wallets_per_day: 1 }],
  ])('makes one order and one answer of 100 identical requests at once, %s', async (_what, limits) => {
    const { key, name } = await here.partner({ limits })
    const body = aBuy()
    const replies = await Promise.all(
      Array.from({ length: 100 }, () => here.ask('POST', '/v1/orders', { key, body })),
    )
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([202]))
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
    expect(new Set(replies.map(({ headers }) => headers.get('location'))).size).toBe(1)
    expect(await count(name)).toBe(1)
  })

  it.each([
    ['without limits', {}],
    ['within limits', { orders_per_minute: 1, rupiah_per_day: '100000' }],
  ])(
    'is finished by the repetition when the process was killed after the commit, %s',
    async (_what, limits) => {
      const { key, name } = await here.partner({ limits })
      const body = aBuy()
      const start = async (isMortal: boolean) => {
        const program = fileURLToPath(new URL('dying-web.mjs', import.meta.url))
        const child = fork(program, [JSON.stringify({ databaseUrl: here.databaseUrl, isMortal })])
        const [url] = (await once(child, 'message')) as [string]
        return { child, url }
      }
      const first = await start(true)
      const died = once(first.child, 'exit')
      await expect(ask(first.url, 'POST', '/v1/orders', { key, body })).rejects.toThrow()
      expect(await died).toEqual([null, 'SIGKILL'])
      expect(await count(name)).toBe(1)
      const second = await start(false)
      const reply = await ask(second.url, 'POST', '/v1/orders', { key, body })
      const again = await ask(second.url, 'POST', '/v1/orders', { key, body })
      expect([reply.status, again.status]).toEqual([202, 202])
      expect(again.text).toBe(reply.text)
      expect(await count(name)).toBe(1)
      second.child.kill('SIGKILL')
    },
  )

  it('does not need the queue, and says so in its readiness', async () => {
    const trouble: string[] = []
    const warn = (_fields: object, message: string) => void trouble.push(message)
    const other = await startTestWeb({ redisUrl: 'redis://127.0.0.1:1', log: { ...silentLog, warn } })
    const { key } = await other.partner()
    expect((await place(key, {}, other)).status).toBe(202)
    const ready = await other.ask('GET', '/readyz')
    expect(ready).toMatchObject({
      status: 200,
      json: { database: 'up', migrations: 'current', queue: 'down' },
    })
    await eventually(async () =>
      trouble.some((line) => line.includes('the sweeper wakes them')) ? true : null,
    )
    await other.stop()
  })
})

describe('limits', () => {
  it('let exactly so many orders of a minute through, however many come at once', async () => {
    const { key, name } = await here.partner({ limits: { orders_per_minute: 7 } })
    await freezeUsage(here, name)
    const replies = await Promise.all(Array.from({ length: 40 }, () => place(key)))
    const accepted = replies.filter(({ status }) => status === 202)
    expect(accepted).toHaveLength(7)
    expect(await count(name)).toBe(7)
    for (const { headers } of accepted) expect(headers.get('ratelimit-limit')).toBe('7')
    const left = accepted.map(({ headers }) => Number(headers.get('ratelimit-remaining')))
    expect(left.sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
    const refused = replies.find(({ status }) => status === 429)
    expect(refused?.json.code).toBe('orders_per_minute')
    expect(refused?.headers.get('ratelimit-remaining')).toBe('0')
    expect(refused?.headers.get('retry-after')).toBe(refused?.headers.get('ratelimit-reset'))
  })

  it('let no more rupiah of a day through than are allowed, and count what a weight may cost', async () => {
    const { key, name } = await here.partner({ limits: { rupiah_per_day: '1000000' } })
    await freezeUsage(here, name)
    const priced = { amount: undefined, gold_weight: '0.5', limit: { max_price_per_gram: 1_000_000 } }
    expect((await place(key, priced)).status).toBe(202)
    const replies = await Promise.all(Array.from({ length: 20 }, () => place(key, { amount: 90_000 })))
    expect(replies.filter(({ status }) => status === 202)).toHaveLength(5)
    expect(replies.find(({ status }) => status !== 202)?.json.code).toBe('rupiah_per_day')
    // What fits still fits: a refused order has used nothing up.
    expect((await place(key, { amount: 50_000 })).status).toBe(202)
  })

  it('let so many wallets of a day through, in whatever spelling, and not those of refused orders', async () => {
    const { key, name } = await here.partner({ limits: { wallets_per_day: 2 } })
    await freezeUsage(here, name)
    expect((await place(key, { phone_number: '081234500001' })).status).toBe(202)
    expect((await place(key, { phone_number: '6281234500001' })).status).toBe(202)
    expect((await place(key, { phone_number: '081234500002' })).status).toBe(202)
    for (const phone_number of ['081234500003', '081234500003', '081234500004'])
      expect((await place(key, { phone_number })).json.code).toBe('wallets_per_day')
    expect((await place(key, { phone_number: '+6281234500002' })).status).toBe(202)
  })

  it('never refuse an order that is stored already', async () => {
    const { key, name } = await here.partner({ limits: { orders_per_minute: 1 } })
    const body = aBuy()
    const first = await here.ask('POST', '/v1/orders', { key, body })
    await here.database.run(
      unnamed(`UPDATE partners SET kinds = '{sell}', rupiah_per_order = 1 WHERE name = $1`),
      [name],
    )
    const again = await here.ask('POST', '/v1/orders', { key, body })
    expect([again.status, again.text]).toEqual([202, first.text])
    expect((await place(key)).json.code).toBe('kind_not_allowed')
  })
})

describe('reading', () => {
  it('walks all orders page by page, the newest first, each once', async () => {
    const { key } = await here.partner()
    const ids: unknown[] = []
    for (let n = 0; n < 7; n += 1) ids.push((await place(key)).json.id)
    const seen: unknown[] = []
    let next: unknown = null
    do {
      const cursor = next === null ? '' : `&cursor=${next}`
      const { json } = await here.ask('GET', `/v1/orders?limit=3${cursor}`, { key })
      seen.push(...(json.orders as { id: string }[]).map(({ id }) => id))
      next = json.next
    } while (next !== null)
    expect(seen).toEqual(ids.reverse())
  })

  it('narrows by reference, state and time, and refuses what it does not know', async () => {
    const { key } = await here.partner()
    const first = await place(key, { reference: 'r/1 ü' })
    const second = await place(key)
    await here.ask('POST', `/v1/orders/${second.json.id}/cancel`, { key })
    const list = async (query: string) => {
      const { json } = await here.ask('GET', `/v1/orders?${query}`, { key })
      return (json.orders as { id: string }[]).map(({ id }) => id)
    }
    expect(await list(`reference=${encodeURIComponent('r/1 ü')}`)).toEqual([first.json.id])
    expect(await list('reference=other')).toEqual([])
    expect(await list('state=cancelled')).toEqual([second.json.id])
    expect(await list('state=accepted')).toEqual([first.json.id])
    expect(await list('state=accepted&since=2999-01-01T00:00:00Z')).toEqual([])
    expect(await list('state=in_doubt')).toEqual([])
    expect(await list(`since=${second.json.accepted_at}`)).toContain(second.json.id)
    expect(await list('since=2999-01-01T00:00:00Z')).toEqual([])
    const forged = Buffer.from('2026-02-31T00:00:00.000000Z/019c4f2a-7b1e-7c3d-9a4b-5e6f70818293')
    for (const query of [
      'limit=0',
      'limit=501',
      'state=lost',
      'since=yesterday',
      'cursor=x',
      'page=2',
      'limit=1&limit=2',
    ].concat(`cursor=${forged.toString('base64url')}`))
      expect((await here.ask('GET', `/v1/orders?${query}`, { key })).status, query).toBe(400)
  })

  it('shows a cancellation as the partner’s, and answers a second one the same', async () => {
    const { key } = await here.partner()
    const { json } = await place(key)
    const first = await here.ask('POST', `/v1/orders/${json.id}/cancel`, { key })
    const second = await here.ask('POST', `/v1/orders/${json.id}/cancel`, { key })
    expect([first.status, second.status, second.text]).toEqual([200, 200, first.text])
    const events = await here.ask('GET', `/v1/orders/${json.id}/events`, { key })
    expect(events.json.events).toMatchObject([
      { from: null, to: 'accepted', by: 'partner' },
      { from: 'accepted', to: 'cancelled', by: 'partner' },
    ])
  })
})

describe('waiting', () => {
  it('holds the answer until a worker has ended the order, and no longer than was asked', async () => {
    const { key } = await here.partner()
    const still = await here.ask('POST', '/v1/orders?wait=1', { key, body: aBuy() })
    expect(still.json.state).toBe('accepted')
    const worker = startWorker({
      ...{
        databaseUrl: here.databaseUrl,
        redisUrl: null,
        gateway: scriptedGateway({}),
        callTimeoutMs: 2_000,
      },
      ...{
        concurrency: 4,
        ratePerSecond: null,
        maxRequotes: 2,
        quoteMaxAgeMs: 10_000,
        name: 'test',
        log: silentLog,
      },
    })
    const ended = await here.ask('POST', '/v1/orders?wait=60', { key, body: aBuy() })
    expect(ended).toMatchObject({
      status: 202,
      json: { state: 'succeeded', executed: { amount: 441_000, gold_weight: '0.5000' } },
    })
    const read = await here.ask('GET', `/v1/orders/${still.json.id}?wait=60`, { key })
    expect(read.json.state).toBe('succeeded')
    await worker.stop()
  })

  it('gives its place to others, and lets go when the server stops, which answers what is open', async () => {
    const other = await startTestWeb({ maxConcurrent: 1 })
    const { key } = await other.partner()
    const waits = [1, 2, 3].map(async () => {
      const body = aBuy()
      // Two at the same moment would be one too many.
      return await eventually(async () => {
        const reply = await other.ask('POST', '/v1/orders?wait=60', { key, body })
        return reply.status === 503 ? null : reply
      })
    })
    await eventually(async () => {
      const { json } = await other.ask('GET', '/v1/orders', { key })
      return (json.orders as unknown[] | undefined)?.length === 3 ? true : null
    })
    await other.stop()
    for (const reply of await Promise.all(waits))
      expect([reply.status, reply.json.state]).toEqual([202, 'accepted'])
  })
})

describe('stopping', () => {
  it('finishes a request whose body is still on the way', async () => {
    const other = await startTestWeb()
    const { key } = await other.partner()
    const text = JSON.stringify(aBuy())
    const { hostname, port } = new URL(other.web.url)
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'content-length': text.length,
    }
    const request = httpRequest({ hostname, port, method: 'POST', path: '/v1/orders', headers })
    request.write(text.slice(0, 5))
    await eventually(async () => (request.socket?.bytesWritten ? true : null))
    // Once another request is answered, this one's head has been read too.
    await other.ask('GET', '/healthz')
    const stopped = other.stop()
    const answered = once(request, 'response')
    request.end(text.slice(5))
    const [response] = (await answered) as [{ statusCode: number; resume(): void }]
    response.resume()
    expect(response.statusCode).toBe(202)
    await stopped
  })
})

describe('what is written down', () => {
  it('is one line a request, with its id and without a number of anybody', async () => {
    const { key, name } = await here.partner()
    lines.length = 0
    const headers = { 'x-request-id': 'mine-1' }
    const reply = await here.ask('GET', '/v1/wallets/%2B6281234500001/address', { key, headers })
    await here.ask('GET', '/v1/orders?reference=%30812345%300001', {
      key,
      headers: { 'x-request-id': 'a b' },
    })
    await here.ask('GET', '/v1/%zz?ktp=3174999901010001', { key })
    expect(reply.headers.get('x-request-id')).toBe('mine-1')
    const seen = await eventually(async () => (lines.length >= 3 ? lines : null))
    expect(seen[0]).toMatchObject({ request_id: 'mine-1', method: 'GET', status: 404, partner: name })
    expect(seen[1]?.request_id).toMatch(/^[0-9a-f-]{36}$/)
    // Times have as many digits, and ids of requests may have.
    const texts = JSON.stringify(seen, (name, value) =>
      typeof value === 'number' || name === 'request_id' ? null : value,
    )
    expect(texts).not.toMatch(/8\d{9}|3174999901010001|gp_/)
    expect(JSON.stringify(seen)).toContain('/v1/wallets/+6xxxxxxxx')
  })

  it('is measured by route, on a port of its own, without anybody’s name', async () => {
    const { key, name } = await here.partner()
    await place(key)
    const { metricsUrl } = here.web
    const text = await (await fetch(metricsUrl ?? '')).text()
    expect(text).toMatch(/goldpro_orders\{kind="buy",state="accepted"\} \d/)
    expect(text).toMatch(/goldpro_http_request_seconds_count\{route="\/v1\/orders",status="202"\} \d/)
    for (const figure of ['oldest_open_order_seconds', 'rupiah_in_doubt', 'queue_jobs{state="waiting"}'])
      expect(text).toContain(`goldpro_${figure} `)
    expect(text).not.toMatch(new RegExp(`"${name}"|0812345|W-\\d`))
    expect(text).toContain('goldpro_webhook_endpoints{endpoint_state="paused"} 0')
    expect((await here.ask('GET', '/metrics')).status).toBe(404)
  })
})
