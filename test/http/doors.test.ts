import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { replyIn, statusesIn } from '../support/servers/raw-http.ts'
import { aBuy, aPlan, CSV, type Reply, startTestWeb, type TestWeb } from '../support/servers/web.ts'
import { unnamed } from '../support/unnamed.ts'

let here: TestWeb
let key: string
beforeAll(async () => {
  here = await startTestWeb()
  key = (await here.partner()).key
})
afterAll(async () => {
  await here?.stop()
})

/** Sends a body byte by byte as it is given. */
function send(
  path: string,
  body: Uint8Array,
  headers: readonly string[] = ['Content-Type: application/json'],
) {
  const { hostname, port } = new URL(here.web.url)
  const head = [`POST ${path} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${key}`, 'Connection: close']
  const lines = [...head, ...headers, `Content-Length: ${body.length}`, '', '']
  return new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(lines.join('\r\n'))
      socket.write(body)
    })
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}

const good = (overrides: object = {}) => JSON.stringify(aBuy(overrides))
const bytes = (text: string) => Buffer.from(text)
const JSON_TYPE = 'Content-Type: application/json'

describe.each(['/v1/orders', '/v1/plans'])('a body sent to %s', (path) => {
  it.each<[string, Uint8Array, string[], number]>([
    ['nothing', bytes(''), [JSON_TYPE], 400],
    ['white space', bytes(' \n'), [JSON_TYPE], 400],
    ['a comma too many', bytes('{"kind":"buy",}'), [JSON_TYPE], 400],
    ['a list', bytes('[]'), [JSON_TYPE], 400],
    ['a text', bytes('"buy"'), [JSON_TYPE], 400],
    ['null', bytes('null'), [JSON_TYPE], 400],
    ['a number', bytes('7'), [JSON_TYPE], 400],
    ['two documents', bytes('{}{}'), [JSON_TYPE], 400],
    ['a comment', bytes('{}//x'), [JSON_TYPE], 400],
    ['a byte order mark', bytes(`\ufeff${good()}`), [JSON_TYPE], 400],
    ['UTF-16', Buffer.from(good(), 'utf16le'), [JSON_TYPE], 400],
    ['Latin-1', Buffer.from(good({ reference: 'café' }), 'latin1'), [JSON_TYPE], 400],
    [
      'a cut character',
      Buffer.concat([bytes('{"reference":"'), Buffer.from([0xe2, 0x82]), bytes('"}')]),
      [JSON_TYPE],
      400,
    ],
    [
      'an overlong slash',
      Buffer.concat([bytes('{"reference":"'), Buffer.from([0xc0, 0xaf]), bytes('"}')]),
      [JSON_TYPE],
      400,
    ],
    [
      'a coded half of a character',
      Buffer.concat([bytes('{"reference":"'), Buffer.from([0xed, 0xa0, 0x80]), bytes('"}')]),
      [JSON_TYPE],
      400,
    ],
    ['a field twice', bytes('{"kind":"buy","kind":"sell"}'), [JSON_TYPE], 400],
    ['gzip', gzipSync(good()), [JSON_TYPE, 'Content-Encoding: gzip'], 415],
    ['gzip that does not say so', gzipSync(good()), [JSON_TYPE], 400],
    ['plain JSON that says it is gzip', bytes(good()), [JSON_TYPE, 'Content-Encoding: gzip'], 415],
    ['another charset', bytes(good()), ['Content-Type: application/json; charset=latin1'], 415],
    ['a form', bytes('kind=buy'), ['Content-Type: application/x-www-form-urlencoded'], 415],
    ['text', bytes(good()), ['Content-Type: text/plain'], 415],
    ['no type', bytes(good()), [], 415],
    ['an odd type', bytes(good()), ['Content-Type: application/json/x'], 415],
    ['more than is read', bytes(good({ reference: 'x'.repeat(70_000) })), [JSON_TYPE], 413],
  ])('of %s is refused as a problem', async (_what, body, headers, status) => {
    const answered = await send(path, body, headers)
    expect(statusesIn(answered)).toEqual([status])
    const { headers: answeredHeaders, json } = replyIn(answered)
    expect(answeredHeaders.get('content-type')).toContain('application/problem+json')
    expect(json).toMatchObject({ status })
  })
})

describe('an order', () => {
  it.each(['application/json; charset=utf-8', 'application/json;charset="UTF-8"', 'Application/JSON'])(
    'of the type %s is taken',
    async (type) => {
      expect(statusesIn(await send('/v1/orders', bytes(good()), [`Content-Type: ${type}`]))).toEqual([202])
    },
  )

  it.each([
    ['Arabic digits', { phone_number: '٠٨١٢٣٤٥٠٠٠٠١' }, 'phone_number'],
    ['full-width digits', { amount: undefined, gold_weight: '０.５' }, 'gold_weight'],
    ['hex', { amount: undefined, gold_weight: '0x10' }, 'gold_weight'],
    ['an exponent', { amount: undefined, gold_weight: '1e3' }, 'gold_weight'],
    ['spaces', { amount: undefined, gold_weight: ' 5 ' }, 'gold_weight'],
    ['an empty text', { amount: undefined, gold_weight: '' }, 'gold_weight'],
    ['a list of one', { amount: [100_000] }, 'amount'],
    ['a number as a text', { amount: '100000' }, 'amount'],
    ['a list for a text', { reference: ['A'] }, 'reference'],
    ['an object for a number', { amount: { valueOf: 1 } }, 'amount'],
    ['true', { amount: true }, 'amount'],
  ])('with %s is refused by the name of the field', async (_what, overrides, field) => {
    const reply = await here.ask('POST', '/v1/orders', { key, body: aBuy(overrides) })
    expect(reply.status).toBe(400)
    expect(reply.json.errors).toContainEqual(expect.objectContaining({ field }))
  })

  it('is told all that is wrong with it at once', async () => {
    const body = { kind: 'beli', phone: '0812', partner: 'x', reference: '' }
    const { status, json } = await here.ask('POST', '/v1/orders', { key, body })
    expect(status).toBe(400)
    const errors = json.errors as { field: string; problem: string }[]
    expect(errors.map(({ field }) => field)).toEqual(
      expect.arrayContaining(['partner', 'kind', 'reference', 'phone_number']),
    )
    expect(JSON.stringify(errors)).toContain('did you mean buy?')
  })
})

describe('a plan', () => {
  it('is told all that is wrong with it and its order at once', async () => {
    const order = { kind: 'buy', phone: '081234500001', amount: 0 }
    const body = aPlan({ name: '', overlap: 'skp', order })
    const { json } = await here.ask('POST', '/v1/plans', { key, body })
    const errors = json.errors as { field: string; problem: string }[]
    expect(errors.map(({ field }) => field)).toEqual(
      expect.arrayContaining(['name', 'overlap', 'order.phone_number', 'order.amount', 'order.phone']),
    )
  })
})

describe('a query', () => {
  it.each([
    'limit=1&limit=2',
    'limit=0x10',
    'limit=1e1',
    'limit=%205',
    'limit=',
    'limit=-1',
    'limit=1.0',
    'limit=%D9%A5',
    'state=acepted',
    'state=accepted&state=held',
    'since=yesterday',
    'since=2026-02-30T00:00:00Z',
    'cursor=x',
    'reference=',
  ])('%s is refused as a problem in words of our own', async (query) => {
    const reply = await here.ask('GET', `/v1/orders?${query}`, { key })
    expect([reply.status, reply.json.code]).toEqual([400, 'invalid_request'])
    expect(reply.text).not.toMatch(/Invalid|expected|received|pattern/)
  })

  it('is asked what it meant', async () => {
    const reply = await here.ask('GET', '/v1/orders?state=acepted&refrence=A', { key })
    expect(reply.text).toContain('did you mean accepted?')
    expect(reply.text).toContain('did you mean reference?')
  })
})

describe('a path', () => {
  it.each([
    '/v1/orders/%E0%A4%A',
    '/v1/orders/%',
    '/v1/orders/%00',
    '/v1/orders/%ff%fe',
    '/v1/plans/%c0%af',
    '/v1/batches/1e3',
    '/v1/batches/%D9%A1',
  ])('%s is answered with a problem', async (path) => {
    const reply = await here.ask('GET', path, { key })
    expect([400, 404]).toContain(reply.status)
    expect(reply.headers.get('content-type')).toContain('application/problem+json')
  })
})

describe('a deadline that has passed', () => {
  const PAST = '2020-01-01T00:00:00Z'

  it('is refused for a new order', async () => {
    const reply = await here.ask('POST', '/v1/orders', { key, body: aBuy({ deadline: PAST }) })
    expect(reply.status).toBe(400)
    expect(reply.json.errors).toMatchObject([{ field: 'deadline' }])
  })

  it('is refused where usage is counted too, and uses nothing up', async () => {
    const { key: limited, name } = await here.partner({
      limits: { orders_per_minute: 2, wallets_per_day: 1 },
    })
    const body = aBuy({ deadline: PAST })
    expect((await here.ask('POST', '/v1/orders', { key: limited, body })).status).toBe(400)
    const other = aBuy({ phone_number: '081234500009' })
    expect((await here.ask('POST', '/v1/orders', { key: limited, body: other })).status).toBe(202)
    const [usage] = await here.database.run<{ orders: number; wallets: number }>(
      unnamed('SELECT orders, wallets FROM partner_usage WHERE partner = $1'),
      [name],
    )
    expect(usage).toEqual({ orders: 1, wallets: 1 })
  })

  it('is no matter to an order that is there: the same answer for ever, and a conflict stays one', async () => {
    const { key: theirs, name } = await here.partner()
    const accepted = async (withinMs: number): Promise<{ body: object; first: Reply }> => {
      const body = aBuy({ deadline: new Date(Date.now() + withinMs).toISOString() })
      const first = await here.ask('POST', '/v1/orders', { key: theirs, body })
      // On a slow machine it was over before it was read.
      return first.status === 202 ? { body, first } : await accepted(2 * withinMs)
    }
    const { body, first } = await accepted(500)
    await here.database.run(
      unnamed(
        `SELECT pg_sleep(greatest(0, extract(epoch FROM deadline_at - clock_timestamp())) + 0.05) FROM orders WHERE partner = $1 LIMIT 1`,
      ),
      [name],
    )
    const again = await here.ask('POST', '/v1/orders', { key: theirs, body })
    expect([again.status, again.json.id]).toEqual([202, first.json.id])
    const other = await here.ask('POST', '/v1/orders', { key: theirs, body: { ...body, amount: 5 } })
    expect(other.json.code).toBe('reference_conflict')
  })

  it('is refused in a file, by its line, and the same file as before is known again', async () => {
    const { key: theirs } = await here.partner()
    const file = (deadline: string) =>
      `kind,reference,phone_number,amount,deadline\nbuy,D1,081234500001,100000,\nbuy,D2,081234500001,100000,${deadline}\n`
    const place = (body: string) => here.ask('POST', '/v1/batches', { key: theirs, body, headers: CSV })
    const refused = await place(file(PAST))
    expect([refused.status, refused.json.code]).toEqual([422, 'batch_refused'])
    expect(refused.json.problems).toMatchObject([{ row: 2, line: 3, column: 'deadline' }])
    expect((await place(file('2999-01-01T00:00:00Z'))).status).toBe(201)
  })

  it('is no matter to a row that is an order already', async () => {
    const { key: theirs, name } = await here.partner()
    const body = aBuy({ deadline: new Date(Date.now() + 3_600_000).toISOString() })
    await here.ask('POST', '/v1/orders', { key: theirs, body })
    const past = new Date('2020-01-01T00:00:00Z').toISOString()
    const file = `kind,reference,phone_number,amount,deadline\nbuy,${body.reference},081234500001,100000,${past}\n`
    const reply = await here.ask('POST', '/v1/batches', { key: theirs, body: file, headers: CSV })
    expect([reply.status, name]).toEqual([201, name])
  })
})
