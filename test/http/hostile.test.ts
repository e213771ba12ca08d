import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPhoneNumber } from '../../src/core/phone-number.ts'
import { type Sandbox, startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { shownPath } from '../../src/http/access-log.ts'
import { revokeKeys } from '../../src/partners/store/keys.ts'
import { setState } from '../../src/partners/store/partners.ts'
import type { Database } from '../../src/postgres/pool.ts'
import { eventually } from '../support/eventually.ts'
import { openTestClient } from '../support/factories/gateway-settings.ts'
import { jobData } from '../support/factories/job-data.ts'
import { COMMANDS } from '../support/servers/commands.ts'
import { rawHttp, statusesIn } from '../support/servers/raw-http.ts'
import { aBuy, type Reply, startTestWeb, type TestWeb } from '../support/servers/web.ts'
import { unnamed } from '../support/unnamed.ts'

let here: TestWeb
let key: string
let name: string
let sandbox: Sandbox
let withGateway: TestWeb
/** Happens once while the gateway is asked for an address. */
let whileAsked: (() => Promise<void>) | null = null
/** What a withdrawal's checkout does at the gateway. */
async function setAddress(phoneNumber: string, address: string) {
  const client = openTestClient(sandbox.url)
  const { withdraw } = COMMANDS
  const national = readPhoneNumber(phoneNumber) ?? ''
  await client.checkout({ ...withdraw, phoneNumber: national, address: { ...withdraw.address, address } })
  client.close()
}
/** Ids of orders that the server has looked up for those who wait. */
const awaited = new Set<string>()
beforeAll(async () => {
  const aroundDatabase = (database: Database): Database => ({
    ...database,
    run(statement, values) {
      if (statement.name === 'find_ended_orders') for (const id of values.flat()) awaited.add(String(id))
      return database.run(statement, values)
    },
  })
  here = await startTestWeb({ requestTimeoutMs: 500, aroundDatabase })
  sandbox = await startSandbox({ seed: 1, openWallets: null })
  const gateway = openTestClient(sandbox.url)
  withGateway = await startTestWeb({
    gateway: {
      ...gateway,
      async getAddress(phoneNumber) {
        await whileAsked?.()
        whileAsked = null
        return await gateway.getAddress(phoneNumber)
      },
    },
  })
  const added = await here.partner()
  key = added.key
  name = added.name
})
afterAll(async () => {
  await here?.stop()
  await withGateway?.stop()
  await sandbox?.stop()
})

const place = (body: unknown) => here.ask('POST', '/v1/orders', { key, body })
const count = async (partner = name) => {
  const [row] = await here.database.run<{ orders: number }>(
    unnamed('SELECT count(*)::int AS orders FROM orders WHERE partner = $1'),
    [partner],
  )
  return row?.orders
}

describe('a body as JSON allows it', () => {
  /** A buy whose fields after the reference are written by hand. */
  const written = (reference: string, fields: string) =>
    `{"kind":"buy","reference":"${reference}","phone_number":"081234500001",${fields}}`

  it.each([
    ['an exponent', '"amount":1e5'],
    ['a fraction that is none', '"amount":100000.0'],
    ['an escape in a name', '"\\u0061mount":100000'],
  ])('has an amount with %s, and is the same order as the plain one', async (what, fields) => {
    const first = await place(written(`n-${what}`, '"amount":100000'))
    const again = await place(written(`n-${what}`, fields))
    expect([again.status, again.json.id]).toEqual([202, first.json.id])
  })

  it.each([
    ['given twice', '"amount":10000,"amount":90000'],
    ['given twice in another spelling', '"amount":10000,"\\u0061mount":90000'],
    ['given twice with one value', '"amount":10000,"amount":10000'],
    ['given twice deep inside', '"amount":10000,"limit":{"max_price_per_gram":1,"max_price_per_gram":2}'],
    ['of more digits than are kept', '"gold_weight":0.1000000000000000055'],
    ['beyond the integers', '"amount":9007199254740993'],
    ['infinite', '"amount":1e400'],
    ['negative zero', '"amount":-0'],
    ['a part of a rupiah', '"amount":100000.5'],
    ['a text', '"amount":"100000"'],
    ['a weight that is no decimal', '"gold_weight":0.30000000000000004'],
    ['a weight in hex', '"gold_weight":"0x1"'],
    ['a weight with an exponent', '"gold_weight":"1e0"'],
    ['a prototype', '"amount":100000,"__proto__":{"amount":1}'],
    ['a prototype with a limit', '"amount":100000,"limit":{"__proto__":{"max_price_per_gram":1}}'],
    ['a constructor', '"amount":100000,"constructor":{"prototype":{"amount":1}}'],
  ])('is refused with a value that is %s', async (_what, fields) => {
    const before = await count()
    const reply = await place(written('refused', fields))
    expect([reply.status, reply.json.code]).toEqual([400, 'invalid_request'])
    expect(await count()).toBe(before)
    expect(Object.prototype).not.toHaveProperty('amount')
  })

  it.each([
    ['NUL', 'a\\u0000b', 400],
    ['half of a character', 'a\\ud800', 400],
    ['a line end', 'a\\nb', 400],
    ['letters of anywhere', 'é漢\\ud83d\\ude00', 202],
  ])('has a reference with %s: %s is answered %i', async (_what, reference, status) => {
    const reply = await place(written(reference, '"amount":100000'))
    expect(reply.status).toBe(status)
    if (status === 202) expect(reply.json.reference).toBe(JSON.parse(`"${reference}"`))
  })

  it('takes references that only look different on the wire for one', async () => {
    const [composed, decomposed] = [
      await place(aBuy({ reference: '\u00e9' })),
      await place(aBuy({ reference: 'e\u0301' })),
    ]
    expect(composed.json.id).toBe(decomposed.json.id)
  })

  it.each([
    ['lists', '['.repeat(30_000) + ']'.repeat(30_000)],
    ['objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['a field', written('deep', `"amount":1,"limit":${'['.repeat(30_000)}${']'.repeat(30_000)}`)],
  ])('however deep its %s are, is refused as any other', async (_what, body) => {
    expect((await place(body)).status).toBe(400)
  })
})

describe('a request as HTTP does not allow it', () => {
  const head = (lines: readonly string[]) =>
    [`POST /v1/orders HTTP/1.1`, 'Host: x', `Authorization: Bearer ${key}`, ...lines].join('\r\n')
  const SMUGGLED = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
  const JSON_TYPE = 'Content-Type: application/json'

  it.each([
    ['two lengths', ['Content-Length: 2', 'Content-Length: 3']],
    ['a length and chunks', ['Content-Length: 2', 'Transfer-Encoding: chunked']],
    ['chunks in disguise', ['Transfer-Encoding: xchunked']],
    ['chunks not last', ['Transfer-Encoding: chunked, identity']],
    ['a space before the colon', ['Content-Length : 2']],
    ['a folded line', ['Content-Length: 2', 'X-A: b', ' c: d']],
    ['a signed length', ['Content-Length: +2']],
  ])('with %s is refused, and nothing behind it is read as another', async (_what, lines) => {
    const before = await count()
    const answered = await rawHttp(here.web.url, `${head([JSON_TYPE, ...lines])}\r\n\r\n{}${SMUGGLED}`)
    expect(statusesIn(answered)).toEqual([400])
    expect(answered).toContain('malformed_request')
    expect(await count()).toBe(before)
  })

  it('has one key: a second is not looked at, and two in one are none', async () => {
    const get = (lines: string) =>
      rawHttp(here.web.url, `GET /v1/orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}\r\n\r\n`)
    const other = await here.partner()
    await here.ask('POST', '/v1/orders', { key: other.key, body: aBuy({ reference: 'of-the-other' }) })
    const twice = await get(`Authorization: Bearer ${key}\r\nAuthorization: Bearer ${other.key}`)
    expect(statusesIn(twice)).toEqual([200])
    expect(twice).not.toContain('of-the-other')
    const joined = await get(`Authorization: Bearer ${key}, Bearer ${other.key}`)
    expect(statusesIn(joined)).toEqual([401])
  })

  it.each([
    ['/v1//orders', 404],
    ['/v1/orders/', 404],
    ['/V1/orders', 404],
    ['/v1/orders/..', 404],
    ['/v1/orders%2f', 404],
    ['/healthz/../v1/orders', 404],
    ['/v1/orders?__proto__=1', 400],
    ['/v1/orders?constructor=1', 400],
    ['/v1/orders?limit[]=1', 400],
    ['/v1/orders?reference=%00', 400],
    ['/v1/orders?reference=%ff', 200],
    [`/v1/orders/${'a'.repeat(300)}`, 400],
  ])('asks for %s and is answered %i', async (path, status) => {
    const lines = ['Host: x', `Authorization: Bearer ${key}`, 'Connection: close']
    const answered = await rawHttp(here.web.url, `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
    expect(statusesIn(answered)).toEqual([status])
  })

  it.each(['HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH'])('does %s nothing', async (method) => {
    const answered = await rawHttp(
      here.web.url,
      `${method} /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nConnection: close\r\n\r\n`,
    )
    // HEAD is answered like GET, without a body.
    expect(statusesIn(answered)).toEqual([method === 'HEAD' ? 200 : 405])
    expect(answered).not.toContain(key)
  })
})

describe('an answer', () => {
  it.each([
    ['/v1/orders', 200],
    ['/v1/orders?page=1', 400],
    ['/v1/orders/019c4f2a-7b1e-7c3d-9a4b-5e6f70818293', 404],
    ['/nothing', 404],
    ['/%zz', 400],
    ['/docs', 200],
  ])('for %s is kept by nobody and read as what it says it is', async (path, status) => {
    const reply = await here.ask('GET', path, { key })
    expect(reply.status).toBe(status)
    expect(reply.headers.get('cache-control')).toBe('no-store')
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
  })
})

describe('a wait', () => {
  const accepted = async (web: TestWeb, theirs: string) => {
    const { json } = await web.ask('POST', '/v1/orders', { key: theirs, body: aBuy() })
    return String(json.id)
  }
  const isAwaited = (id: string) =>
    eventually(async () => ([...awaited].some((each) => each.toLowerCase() === id) ? true : null))
  const cancel = (web: TestWeb, theirs: string, id: string) =>
    web.ask('POST', `/v1/orders/${id}/cancel`, { key: theirs })

  it('for an order whose id is in capitals ends with it too', { timeout: 30_000 }, async () => {
    const id = await accepted(here, key)
    const held = here.ask('GET', `/v1/orders/${id.toUpperCase()}?wait=60`, { key })
    await isAwaited(id)
    await cancel(here, key, id)
    expect((await held).json.state).toBe('cancelled')
  })

  it.each([
    ['suspended', 'partner_suspended'],
    ['revoked', 'unauthorised'],
  ])('of a partner that is %s meanwhile tells it nothing more', async (what, code) => {
    const gone = await here.partner()
    const id = await accepted(here, gone.key)
    const held = here.ask('GET', `/v1/orders/${id}?wait=60`, { key: gone.key })
    await isAwaited(id)
    if (what === 'suspended') await setState(here.database, gone.name, 'suspended', 'person:test')
    else await revokeKeys(here.database, gone.name, null, 'person:test')
    await here.database.run(
      unnamed(
        `UPDATE orders SET state = 'cancelled', reason = 'cancel_requested', settled_at = now(), actor = 'person:test' WHERE id = $1`,
      ),
      [id],
    )
    expect((await held).json.code).toBe(code)
  })

  it('of one partner leaves room for those of others', { timeout: 30_000 }, async () => {
    const other = await startTestWeb({ maxWaits: 4 })
    const [greedy, modest] = [await other.partner(), await other.partner()]
    const ids = await Promise.all([1, 2, 3, 4].map(() => accepted(other, greedy.key)))
    const early: Reply[] = []
    const held = ids.map(async (id) => {
      const reply = await other.ask('GET', `/v1/orders/${id}?wait=60`, { key: greedy.key })
      if (reply.json.state === 'accepted') early.push(reply)
      return reply
    })
    await eventually(async () => (early.length === 2 ? true : null))
    const id = await accepted(other, modest.key)
    const waited = other.ask('GET', `/v1/orders/${id}?wait=60`, { key: modest.key })
    await cancel(other, modest.key, id)
    expect((await waited).json.state).toBe('cancelled')
    for (const each of ids) await cancel(other, greedy.key, each)
    await Promise.all(held)
    await other.stop()
  })
})

describe('bodies that never come whole', () => {
  it('of one partner leave places for others', async () => {
    const other = await startTestWeb({ maxConcurrent: 4, requestTimeoutMs: 10_000 })
    const [slow, quick] = [await other.partner(), await other.partner()]
    const { hostname, port } = new URL(other.web.url)
    const head = `POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${slow.key}\r\n`
    const begun = `${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`
    const refused: string[] = []
    const sockets = Array.from({ length: 4 }, () => {
      const socket = connect(Number(port), hostname, () => socket.write(begun))
      socket.on('data', (chunk) => void refused.push(String(chunk)))
      socket.on('error', () => {})
      return socket
    })
    // The fourth is one too many of the same partner: the others hold their places.
    const [first] = await eventually(async () => (refused.length > 0 ? refused : null))
    expect(statusesIn(first ?? '')).toEqual([503])
    expect((await other.ask('POST', '/v1/orders', { key: quick.key, body: aBuy() })).status).toBe(202)
    for (const socket of sockets) socket.destroy()
    // Places that were given up are there again.
    await eventually(async () => ((await other.ask('GET', '/v1/orders', slow)).status === 200 ? true : null))
    await other.stop()
  })
})

describe('a path in the access log', () => {
  it.each([
    ['/v1/wallets/081234500001/address', '/v1/wallets/08xxxxxxx001/address'],
    ['/v1/wallets/%2B6281234500001/address', '/v1/wallets/+6xxxxxxxxx001/address'],
    ['/v1/wallets/%2530812345%2530001/address', '/v1/wallets/08xxxxxx001/address'],
    ['/v1/orders?reference=Sari%20Contoh&wait=5', '/v1/orders?reference&wait'],
    ['/v1/orders?081234500001=1', '/v1/orders?08xxxxxxx001'],
    ['/v1/3174999901010001', '/v1/xxxxxxxxxxxxxxxx'],
    [`/gp_abcdefghijkl_${'s'.repeat(43)}`, '/gp_abcdefghijkl_(masked)'],
    [`/v1/orders?key=gp_abcdefghijkl_${'s'.repeat(43)}`, '/v1/orders?key'],
    ['/%zz%0a%1b', '/%'],
    [`/${'%25'.repeat(4_000)}30812345`, '/%'],
  ])('%s is shown as %s', (url, shown) => {
    expect(shownPath(url)).toBe(shown)
  })
})

describe('a wallet', () => {
  const customer = { name: 'Sari Contoh', email: 'sari@contoh.example' }
  const register = async (key: string, phone_number: string) =>
    expect(
      (await withGateway.ask('POST', '/v1/wallets', { key, body: { phone_number, ...customer } })).status,
    ).toBe(200)
  const addressOf = async (key: string, phone_number: string) =>
    await withGateway.ask('GET', `/v1/wallets/${encodeURIComponent(phone_number)}/address`, { key })
  const withdrawal = (phone_number: string) => {
    const { partner: _, ...order } = jobData.withdraw({ phone_number })
    return { kind: 'withdraw', ...order }
  }

  it.each(['081234500311', '6281234500312', '+62 812-3450-0313'])(
    '%s that was registered first is not read any more once another partner has it as a customer',
    async (phone_number) => {
      const [first, other] = [await withGateway.partner(), await withGateway.partner()]
      await register(first.key, phone_number)
      await withGateway.ask('POST', '/v1/orders', { key: first.key, body: withdrawal(phone_number) })
      await setAddress(phone_number, 'Jl. Pertama 1')
      expect((await addressOf(first.key, phone_number)).json.address).toBe('Jl. Pertama 1')
      await withGateway.ask('POST', '/v1/orders', { key: other.key, body: withdrawal(phone_number) })
      await setAddress(phone_number, 'Jl. Kedua 2')
      const reply = await addressOf(first.key, phone_number)
      expect([reply.status, reply.json.code]).toEqual([404, 'not_found'])
      expect(reply.text).not.toContain('Kedua')
    },
  )

  it('is not read when another partner comes to have it while the gateway is asked', async () => {
    const phone_number = '081234500321'
    const [first, other] = [await withGateway.partner(), await withGateway.partner()]
    await register(first.key, phone_number)
    whileAsked = async () => {
      await withGateway.ask('POST', '/v1/orders', { key: other.key, body: withdrawal(phone_number) })
      await setAddress(phone_number, 'Jl. Kedua 2')
    }
    const reply = await addressOf(first.key, phone_number)
    expect([reply.status, reply.text.includes('Kedua')]).toEqual([404, false])
  })

  it('is not read with a key that is revoked while the gateway is asked', async () => {
    const phone_number = '081234500322'
    const first = await withGateway.partner()
    await register(first.key, phone_number)
    await setAddress(phone_number, 'Jl. Pertama 1')
    whileAsked = async () => void (await revokeKeys(withGateway.database, first.name, null, 'person:ani'))
    const reply = await addressOf(first.key, phone_number)
    expect([reply.status, reply.text.includes('Pertama')]).toEqual([401, false])
  })

  const WALLETS = ['081234500301', '6281234500302', '+6281234500303']

  it.each(WALLETS)(
    '%s that another partner has orders for is not taken over by registering it',
    async (phone_number) => {
      const [owner, other] = [await withGateway.partner(), await withGateway.partner()]
      const national = phone_number.replace(/^\+?62/, '0')
      const register = (theirs: string, spelling: string) =>
        withGateway.ask('POST', '/v1/wallets', {
          key: theirs,
          body: { phone_number: spelling, name: 'Sari Contoh', email: 'sari@contoh.example' },
        })
      const readAddress = async (theirs: string) =>
        (
          await withGateway.ask('GET', `/v1/wallets/${encodeURIComponent(phone_number)}/address`, {
            key: theirs,
          })
        ).json
      await withGateway.ask('POST', '/v1/orders', { key: owner.key, body: aBuy({ phone_number }) })
      expect((await register(other.key, national)).status).toBe(200)
      expect((await readAddress(other.key)).code).toBe('not_found')
      // Whose orders they are may register it. That it has no address yet is the gateway's answer.
      expect((await register(owner.key, national)).status).toBe(200)
      expect((await readAddress(owner.key)).code).not.toBe('not_found')
    },
  )
})
