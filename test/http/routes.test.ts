import { createHmac, randomUUID } from 'node:crypto'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { feedBatches } from '../../src/batches/feed.ts'
import type { Sandbox } from '../../src/dev/sandbox/sandbox.ts'
import { startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { jsonSchemaOf } from '../../src/http/json-schema.ts'
import type { openapiOf } from '../../src/http/openapi.ts'
import { writePlace } from '../../src/http/paging.ts'
import { PROBLEMS, type ProblemCode } from '../../src/http/problems.ts'
import { orderBody } from '../../src/orders/http/order-body-schemas.ts'
import { setState } from '../../src/partners/store/partners.ts'
import { ALL_ROUTES, OPERATOR_ROUTES, ROUTES } from '../../src/processes/routes.ts'
import { pauseEndpoint } from '../../src/webhooks/endpoint-states.ts'
import { readText, tableRows } from '../ground/tables.ts'
import { silentLog } from '../support/deps.ts'
import { eventually } from '../support/eventually.ts'
import { openTestClient } from '../support/factories/gateway-settings.ts'
import { recordStatement } from '../support/factories/recorded-orders.ts'
import { openUpload } from '../support/factories/uploads.ts'
import { csvOfStatement, sendStatement, withOperators } from '../support/scenes/operators-web.ts'
import { partnerBatch } from '../support/scenes/own-batch.ts'
import { ownEndpoint } from '../support/scenes/own-endpoint.ts'
import { envelope, replyWith, startServer } from '../support/servers/http-server.ts'
import { rawHttp, replyIn } from '../support/servers/raw-http.ts'
import { inSession } from '../support/servers/sessions.ts'
import {
  aBatchFile,
  aBuy,
  aPlan,
  ask,
  CSV,
  freezeUsage,
  keepPrice,
  type Reply,
  sentBatch,
  startTestWeb,
  type TestWeb,
} from '../support/servers/web.ts'
import { unnamed } from '../support/unnamed.ts'

let sandbox: Sandbox
let here: TestWeb
let bare: TestWeb
let key: string
let partner: string
let approver: string
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 1, openWallets: { rupiah: 10_000_000, goldWeight: 100_000 as never } })
  const gateway = openTestClient(sandbox.url)
  here = await startTestWeb({ gateway, bodyLimitBytes: 4_096, requestTimeoutMs: 500 })
  bare = await startTestWeb()
  const added = await here.partner()
  key = added.key
  partner = added.name
  approver = await here.holder(partner, 'finance', ['approve', 'orders:read'])
})
afterAll(async () => {
  await here?.stop()
  await bare?.stop()
  await sandbox?.stop()
})

const placed = async (overrides: object = {}) => {
  const reply = await here.ask('POST', '/v1/orders', { key, body: aBuy(overrides) })
  expect(reply.status).toBe(202)
  return String(reply.json.id)
}
const added = async (overrides: object = {}) => {
  const reply = await here.ask('POST', '/v1/plans', { key, body: aPlan(overrides) })
  expect(reply.status).toBe(201)
  return String(reply.json.name)
}
const lead = async (id: number, move: string, by = key, body: unknown = {}) =>
  await here.ask('POST', `/v1/batches/${id}/${move}`, { key: by, body })
const led = async (...moves: string[]) => {
  const id = await sentBatch(here, key)
  for (const move of moves)
    expect((await lead(id, move, move === 'approve' ? approver : key)).status).toBe(200)
  return id
}
const seen = async (path: string, ...moves: string[]) =>
  await here.ask('GET', `/v1/batches/${await led(...moves)}${path}`, { key })
const wallet = { phone_number: '081234500009', name: 'Sari Contoh', email: 'sari@contoh.example' }

/** How each answer of the table comes about. */
const ANSWERS: Record<string, () => Promise<Reply>> = {
  'POST /v1/orders 202': () => here.ask('POST', '/v1/orders', { key, body: aBuy() }),
  'GET /v1/orders 200': async () => {
    await placed()
    return await here.ask('GET', '/v1/orders', { key })
  },
  'GET /v1/orders/{id} 200': async () => here.ask('GET', `/v1/orders/${await placed()}`, { key }),
  'GET /v1/orders/{id}/events 200': async () =>
    here.ask('GET', `/v1/orders/${await placed()}/events`, { key }),
  'POST /v1/orders/check 200': async () => {
    const body = aBuy()
    await here.ask('POST', '/v1/orders', { key, body })
    return await here.ask('POST', '/v1/orders/check', { key, body })
  },
  'GET /v1/events 200': async () => {
    await here.ask('POST', `/v1/orders/${await placed()}/cancel`, { key })
    return await here.ask('GET', '/v1/events', { key })
  },
  'GET /v1/settlements/{date} 200': async () => {
    // A statement of every source that sends them.
    const period = { from: new Date('2026-02-08T17:00:00Z'), to: new Date('2026-02-09T17:00:00Z') }
    await recordStatement(here.databaseUrl, [], { period })
    return await here.ask('GET', '/v1/settlements/2026-02-09', { key })
  },
  'GET /v1/webhook-endpoints 200': async () => {
    await ownEndpoint(here, partner)
    await here.ask('POST', '/v1/webhook-endpoints', { key, body: { url: 'https://listed.example/hook' } })
    return await here.ask('GET', '/v1/webhook-endpoints', { key })
  },
  'POST /v1/webhook-endpoints 202': () =>
    here.ask('POST', '/v1/webhook-endpoints', { key, body: { url: 'https://asked.example/hook' } }),
  'PATCH /v1/webhook-endpoints/{id} 200': async () => {
    const path = `/v1/webhook-endpoints/${await ownEndpoint(here, partner)}`
    return await here.ask('PATCH', path, { key, body: { state: 'paused' } })
  },
  'PATCH /v1/webhook-endpoints/{id} 202': async () => {
    const path = `/v1/webhook-endpoints/${await ownEndpoint(here, partner)}`
    return await here.ask('PATCH', path, { key, body: { url: 'https://moved.example/hook' } })
  },
  'DELETE /v1/webhook-endpoints/{id} 200': async () =>
    here.ask('DELETE', `/v1/webhook-endpoints/${await ownEndpoint(here, partner)}`, { key }),
  'POST /v1/webhook-endpoints/{id}/secret 200': async () =>
    here.ask('POST', `/v1/webhook-endpoints/${await ownEndpoint(here, partner)}/secret`, { key }),
  'POST /v1/webhook-endpoints/{id}/test 200': async () =>
    here.ask(
      'POST',
      `/v1/webhook-endpoints/${await ownEndpoint(here, partner, 'http://127.0.0.1:1/')}/test`,
      { key },
    ),
  'GET /v1/webhook-deliveries 200': async () => {
    const id = await ownEndpoint(here, partner)
    await here.ask('POST', `/v1/webhook-endpoints/${id}/test`, { key })
    return await here.ask('GET', `/v1/webhook-deliveries?endpoint_id=${id}`, { key })
  },
  'POST /v1/webhook-deliveries/{id}/redeliver 202': async () => {
    // Tests of one partner are few a second.
    const own = await here.partner()
    const id = await ownEndpoint(here, own.name, 'http://127.0.0.1:1/')
    await here.ask('POST', `/v1/webhook-endpoints/${id}/test`, { key: own.key })
    const { json } = await here.ask('GET', `/v1/webhook-deliveries?endpoint_id=${id}`, { key: own.key })
    const [delivery] = json.deliveries as { id: string }[]
    return await here.ask('POST', `/v1/webhook-deliveries/${delivery?.id}/redeliver`, { key: own.key })
  },
  'POST /v1/orders/{id}/cancel 200': async () =>
    here.ask('POST', `/v1/orders/${await placed()}/cancel`, { key }),
  'POST /v1/quotes 200': () =>
    here.ask('POST', '/v1/quotes', {
      key,
      body: { kind: 'buy', phone_number: '081234500001', gold_weight: 1 },
    }),
  'POST /v1/batches/check 200': () =>
    here.ask('POST', '/v1/batches/check', {
      key,
      body: `${aBatchFile()}gift,x,081234500001,1\n`,
      headers: CSV,
    }),
  'POST /v1/batches 201': () => here.ask('POST', '/v1/batches', { key, body: aBatchFile(), headers: CSV }),
  'POST /v1/batches 200': async () => {
    const body = aBatchFile()
    await here.ask('POST', '/v1/batches', { key, body, headers: CSV })
    return await here.ask('POST', '/v1/batches', { key, body, headers: CSV })
  },
  'GET /v1/batches 200': async () => {
    await led()
    return await here.ask('GET', '/v1/batches?state=checked&limit=1', { key })
  },
  'GET /v1/batches/{id} 200': () => seen('', 'approve', 'run'),
  'GET /v1/batches/{id}/preview 200': () => seen('/preview'),
  'POST /v1/batches/{id}/approve 200': async () => lead(await led(), 'approve', approver),
  'POST /v1/batches/{id}/run 200': async () =>
    lead(await led('approve'), 'run', key, { rate_per_second: 2, stop_after_failures: '5%' }),
  'POST /v1/batches/{id}/pause 200': async () => lead(await led('approve', 'run'), 'pause'),
  'POST /v1/batches/{id}/resume 200': async () => lead(await led('approve', 'run', 'pause'), 'resume'),
  'POST /v1/batches/{id}/cancel 200': async () => lead(await led(), 'cancel'),
  'POST /v1/batches/{id}/retry 201': async () => {
    const id = await led('approve', 'run')
    const feeder = { newId: randomUUID, wake: async () => {}, actor: 'feeder:test', log: silentLog }
    const order = 'SELECT order_id AS id FROM batch_rows WHERE batch_id = $1 AND order_id IS NOT NULL'
    const sent = await eventually(async () => {
      await inSession(here.databaseUrl, (session) => feedBatches(session, feeder))
      return (await here.database.run<{ id: string }>(unnamed(order), [id]))[0] ?? null
    })
    await here.ask('POST', `/v1/orders/${sent.id}/cancel`, { key })
    return await lead(id, 'retry')
  },
  'GET /v1/batches/{id}/results 200': () => seen('/results'),
  'GET /v1/batches/{id}/events 200': () => seen('/events', 'approve', 'cancel'),
  'POST /v1/wallets 200': () => here.ask('POST', '/v1/wallets', { key, body: wallet }),
  'GET /v1/wallets/{phone_number}/address 200': async () => {
    await here.ask('POST', '/v1/wallets', { key, body: wallet })
    const client = openTestClient(sandbox.url)
    const { COMMANDS } = await import('../support/servers/commands.ts')
    await client.checkout({ ...COMMANDS.withdraw, phoneNumber: wallet.phone_number })
    client.close()
    return await here.ask('GET', `/v1/wallets/${wallet.phone_number}/address`, { key })
  },
  'GET /v1/regions 200': () => here.ask('GET', '/v1/regions?kecamatan=Gambir', { key }),
  'GET /v1/prices 200': async () => {
    await keepPrice(here, 'buy', '2026-02-08', 880_000)
    await keepPrice(here, 'buy', '2026-02-09', 882_000)
    await keepPrice(here, 'sell', '2026-02-09', 853_000)
    return await here.ask('GET', '/v1/prices?from=2026-02-01&to=2026-02-28', { key })
  },
  'POST /v1/plans 201': () => here.ask('POST', '/v1/plans', { key, body: aPlan() }),
  'POST /v1/plans 200': async () => {
    const body = aPlan()
    await here.ask('POST', '/v1/plans', { key, body })
    return await here.ask('POST', '/v1/plans', { key, body })
  },
  'GET /v1/plans 200': async () => {
    await added()
    return await here.ask('GET', '/v1/plans?state=active', { key })
  },
  'GET /v1/plans/{name} 200': async () => here.ask('GET', `/v1/plans/${await added()}`, { key }),
  'GET /v1/plans/{name}/runs 200': async () => {
    const name = await added()
    await here.ask('POST', `/v1/plans/${name}/run-now`, { key, body: { due_at: new Date() } })
    return await here.ask('GET', `/v1/plans/${name}/runs`, { key })
  },
  'POST /v1/plans/{name}/pause 200': async () =>
    here.ask('POST', `/v1/plans/${await added()}/pause`, { key }),
  'POST /v1/plans/{name}/resume 200': async () => {
    const name = await added()
    await here.ask('POST', `/v1/plans/${name}/pause`, { key })
    return await here.ask('POST', `/v1/plans/${name}/resume`, { key })
  },
  'POST /v1/plans/{name}/remove 200': async () =>
    here.ask('POST', `/v1/plans/${await added()}/remove`, { key }),
  'POST /v1/plans/{name}/run-now 202': async () =>
    here.ask('POST', `/v1/plans/${await added()}/run-now`, { key, body: { due_at: new Date() } }),
  'GET /healthz 200': () => here.ask('GET', '/healthz'),
  'GET /readyz 200': () => here.ask('GET', '/readyz'),
  'GET /readyz 503': async () => {
    const other = await startTestWeb()
    const text =
      'DELETE FROM drizzle.__drizzle_migrations WHERE id = (SELECT max(id) FROM drizzle.__drizzle_migrations)'
    await other.database.run(unnamed(text), [])
    const reply = await other.ask('GET', '/readyz')
    await other.stop()
    return reply
  },
  'GET /openapi.json 200': () => here.ask('GET', '/openapi.json'),
  'GET / 302': () => here.ask('GET', '/'),
  'GET /docs 200': () => here.ask('GET', '/docs'),
}

describe('the answers of the table', () => {
  it('are all tried', () => {
    const rows = ROUTES.flatMap(({ method, path, answers }) =>
      Object.keys(answers).map((status) => `${method} ${path} ${status}`),
    )
    expect(Object.keys(ANSWERS).sort()).toEqual(rows.sort())
  })

  it.each(Object.keys(ANSWERS))('%s has the shape that is described', async (name) => {
    const [method, path, status] = name.split(' ')
    const answer = ROUTES.find((row) => row.method === method && row.path === path)?.answers[Number(status)]
    const reply = await ANSWERS[name]?.()
    expect(reply?.status).toBe(Number(status))
    expect(reply?.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    if (answer?.schema == null) {
      expect(reply?.headers.get('content-type')).toBe(answer?.contentType)
      return
    }
    expect(answer.schema.safeParse(reply?.json).error).toBeUndefined()
    expect(answer.schema.safeParse(answer.example).error).toBeUndefined()
    if (path !== '/openapi.json') expect(reply?.text).not.toMatch(/(?<![\w.-])08\d{8}|3174999901010001/)
  })

  it.each(Object.entries(ROUTES.find(({ name }) => name === 'placeOrder')?.bodyExamples ?? {}))(
    'accepts the example of %s',
    async (_name, body) => {
      expect(orderBody.safeParse(body).error).toBeUndefined()
      const reply = await here.ask('POST', '/v1/orders', { key, body })
      expect(reply.status).toBe(202)
      expect(reply.headers.get('location')).toBe(`/v1/orders/${reply.json.id}`)
      expect(reply.text).not.toMatch(/3174999901010001|Jl\. Contoh|0812345/)
    },
  )
})

const raw = async (bytes: string) => replyIn(await rawHttp(here.web.url, bytes))

const limited = async (limits: object, ...bodies: object[]) => {
  const { key: theirs, name } = await here.partner({ limits })
  await freezeUsage(here, name)
  let last: Reply | null = null
  for (const body of bodies) last = await here.ask('POST', '/v1/orders', { key: theirs, body: aBuy(body) })
  if (last === null) throw new Error('nothing asked')
  return last
}

/** How each problem comes about. */
const TROUBLES: Record<ProblemCode, () => Promise<Reply>> = {
  malformed_request: () => here.ask('POST', '/v1/orders', { key, body: '{"kind":' }),
  invalid_request: () => here.ask('POST', '/v1/orders', { key, body: aBuy({ amount: 0 }) }),
  unauthorised: () => here.ask('GET', '/v1/orders'),
  async signature_refused() {
    const signed = await here.partner({ isSigned: true })
    return await here.ask('GET', '/v1/orders', { key: signed.key })
  },
  async scope_missing() {
    const reader = await here.partner({ scopes: ['orders:read'] })
    return await here.ask('POST', '/v1/orders', { key: reader.key, body: aBuy() })
  },
  async partner_suspended() {
    const gone = await here.partner()
    await setState(here.database, gone.name, 'suspended', 'person:test')
    return await here.ask('GET', '/v1/orders', { key: gone.key })
  },
  async address_refused() {
    const far = await here.partner({ limits: { addresses: ['192.0.2.0/24'] } })
    return await here.ask('GET', '/v1/orders', { key: far.key })
  },
  kind_not_allowed: () => limited({ kinds: ['sell'] }, {}),
  rupiah_per_order: () => limited({ rupiah_per_order: '99999' }, {}),
  rupiah_unbounded: () => limited({ rupiah_per_day: '1' }, { amount: undefined, gold_weight: 1 }),
  method_not_allowed: () => here.ask('PUT', '/v1/orders'),
  not_found: () => here.ask('GET', '/v1/orders/019c4f2a-7b1e-7c3d-9a4b-5e6f70818293', { key }),
  async second_person_needed() {
    const alone = await here.partner()
    const id = await sentBatch(here, alone.key)
    return await here.ask('POST', `/v1/batches/${id}/approve`, { key: alone.key })
  },
  batch_state: async () => lead(await led(), 'run'),
  batch_changed: async () => lead(await led(), 'approve', approver, { content_hash: '0'.repeat(64) }),
  batch_refused: () =>
    here.ask('POST', '/v1/batches', { key, body: `${aBatchFile()}gift,x,081234500001,1\n`, headers: CSV }),
  async too_many_files() {
    const theirs = await here.partner()
    const opened = await Promise.all(
      [1, 2].map(() => openUpload(here.web.url, theirs.key, '/v1/batches/check')),
    )
    const send = { key: theirs.key, body: aBatchFile(), headers: CSV }
    // Both are read from some moment on.
    let reply = await here.ask('POST', '/v1/batches/check', send)
    while (reply.status === 200) reply = await here.ask('POST', '/v1/batches/check', send)
    for (const upload of opened) upload.cut()
    return reply
  },
  async wallet_refused() {
    const strict = await startTestWeb({ walletPolicy: 'owned' })
    const reply = await strict.ask('POST', '/v1/orders', { key: (await strict.partner()).key, body: aBuy() })
    await strict.stop()
    return reply
  },
  async reference_conflict() {
    await placed({ reference: 'twice' })
    return await here.ask('POST', '/v1/orders', { key, body: aBuy({ reference: 'twice', amount: 5 }) })
  },
  async not_cancellable() {
    const id = await placed()
    const hold = `UPDATE orders SET state = 'held', reason = 'held_by_person', actor = 'person:test' WHERE id = $1`
    await here.database.run(unnamed(hold), [id])
    return await here.ask('POST', `/v1/orders/${id}/cancel`, { key })
  },
  async endpoint_state() {
    const id = await ownEndpoint(here, partner)
    await pauseEndpoint(here.database, id, 'ani: too many calls')
    return await here.ask('PATCH', `/v1/webhook-endpoints/${id}`, { key, body: { state: 'active' } })
  },
  cursor_outdated: () => here.ask('GET', `/v1/events?after=${writePlace('7/1/1')}`, { key }),
  async plan_conflict() {
    const name = await added()
    return await here.ask('POST', '/v1/plans', { key, body: aPlan({ name, count: 2 }) })
  },
  async plan_state() {
    const name = await added()
    await here.ask('POST', `/v1/plans/${name}/remove`, { key })
    return await here.ask('POST', `/v1/plans/${name}/pause`, { key })
  },
  async batch_unfit() {
    const batch_id = await partnerBatch(here, partner, { isApproved: false })
    return await here.ask('POST', '/v1/plans', { key, body: aPlan({ order: undefined, batch_id }) })
  },
  request_timeout: () =>
    raw(
      `POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    ),
  payload_too_large: () =>
    here.ask('POST', '/v1/orders', { key, body: aBuy({ remarks: 'x'.repeat(5_000) }) }),
  unsupported_media_type: () =>
    here.ask('POST', '/v1/orders', { key, body: 'kind=buy', headers: { 'content-type': 'text/plain' } }),
  async gateway_refused() {
    const refusing = await startServer((_request, response) =>
      replyWith(response, 200, envelope(undefined, 'User 081234500009 not found', false)),
    )
    const gateway = openTestClient(refusing.url)
    const other = await startTestWeb({ gateway })
    const { key: theirs } = await other.partner()
    const reply = await other.ask('GET', '/v1/regions?kecamatan=Gambir', { key: theirs })
    await other.stop()
    gateway.close()
    await refusing.stop()
    return reply
  },
  orders_per_minute: () => limited({ orders_per_minute: 1 }, {}, {}),
  rupiah_per_day: () => limited({ rupiah_per_day: '150000' }, {}, {}),
  wallets_per_day: () => limited({ wallets_per_day: 1 }, {}, { phone_number: '081234500002' }),
  role_missing: () => withOperators((web, tokens) => sendStatement(web, tokens.viewer, csvOfStatement())),
  statement_refused: () => withOperators((web, tokens) => sendStatement(web, tokens.maker, 'no statement')),
  statement_known: () =>
    withOperators(async (web, tokens) => {
      const file = csvOfStatement()
      await sendStatement(web, tokens.maker, file)
      return await sendStatement(web, tokens.maker, file)
    }),
  headers_too_large: () => raw(`GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`),
  async internal() {
    const other = await startTestWeb()
    const { key: theirs } = await other.partner()
    await other.database.run(unnamed('ALTER TABLE orders RENAME COLUMN content TO moved'), [])
    const reply = await other.ask('GET', '/v1/orders', { key: theirs })
    await other.stop()
    return reply
  },
  async gateway_trouble() {
    const gateway = openTestClient('http://127.0.0.1:1')
    const other = await startTestWeb({ gateway })
    const { key: theirs } = await other.partner()
    const reply = await other.ask('GET', '/v1/regions?kecamatan=Gambir', { key: theirs })
    await other.stop()
    gateway.close()
    return reply
  },
  async overloaded() {
    const other = await startTestWeb({ maxConcurrent: 0 })
    const reply = await other.ask('GET', '/v1/orders')
    expect((await other.ask('GET', '/healthz')).status).toBe(200)
    await other.stop()
    return reply
  },
  async unavailable() {
    const other = await startTestWeb()
    const { key: theirs } = await other.partner()
    const name = new URL(other.databaseUrl).pathname.slice(1)
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()`
    await here.database.run(unnamed(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`), [])
    await here.database.run(unnamed(cut), [name])
    const reply = await other.ask('GET', '/v1/orders', { key: theirs })
    await other.stop()
    return reply
  },
  async gateway_missing() {
    const { key: theirs } = await bare.partner()
    return await bare.ask('GET', '/v1/regions?kecamatan=Gambir', { key: theirs })
  },
}

describe('problems', () => {
  it.each(Object.keys(PROBLEMS) as ProblemCode[])(
    '%s is a document that tells nothing else',
    async (code) => {
      const reply = await TROUBLES[code]()
      const { status, title } = PROBLEMS[code]
      expect({ code: reply.json.code, status: reply.status }).toEqual({ code, status })
      expect(reply.headers.get('content-type')).toMatch(/^application\/problem\+json/)
      expect(reply.json).toMatchObject({ type: `urn:goldpro:problem:${code}`, title, status })
      expect(reply.text).not.toMatch(/(?<![\w.-])08\d{8}|SELECT|at \w+ \(|node_modules|postgres:/)
      const isTemporary = status === 429 || code === 'overloaded' || code === 'unavailable'
      expect(Number(reply.headers.get('retry-after')) > 0).toBe(isTemporary)
      if (status === 401) expect(reply.headers.get('www-authenticate')).toBe('Bearer')
    },
  )

  it('of operators are all in docs/api.md', () => {
    expect(tableRows(readText('docs/api.md'), 'For operators')).toEqual(
      OPERATOR_ROUTES.map(({ method, path, operatorCommand, summary }) => [
        `${method} ${path}`,
        operatorCommand,
        summary,
      ]),
    )
  })

  it('are all in docs/api.md, with their status', () => {
    const rows = tableRows(readText('docs/api.md'), 'Problems')
    expect(rows).toEqual(
      Object.entries(PROBLEMS).map(([code, { status, title }]) => [code, String(status), title]),
    )
  })

  it('and routes are all in docs/api.md', () => {
    expect(tableRows(readText('docs/api.md'), 'Routes')).toEqual(
      ROUTES.map(({ method, path, scope, summary }) => [`${method} ${path}`, scope ?? '–', summary]),
    )
  })

  it('name the fields that differ in a conflict, and the field that is bad, never a value', async () => {
    await placed({ reference: 'differs', limit: { max_price_per_gram: 5 } })
    const other = {
      reference: 'differs',
      phone_number: '081234500002',
      amount: 7,
      limit: { max_price_per_gram: 6 },
    }
    const reply = await here.ask('POST', '/v1/orders', { key, body: aBuy(other) })
    expect(reply.json.differs).toHaveLength(3)
    expect(reply.json.differs).toEqual(
      expect.arrayContaining(['limit.max_price_per_gram', 'amount', 'phone_number']),
    )
    const sold = { kind: 'sell', reference: 'differs', phone_number: '081234500001', gold_weight: 1 }
    expect((await here.ask('POST', '/v1/orders', { key, body: sold })).json.differs).toEqual(['kind'])
    const late = aBuy({
      reference: 'differs',
      limit: { max_price_per_gram: 5 },
      deadline: '2030-01-01T00:00:00Z',
    })
    expect((await here.ask('POST', '/v1/orders', { key, body: late })).json.differs).toEqual(['deadline'])
    const named = await here.ask('POST', '/v1/orders', { key, body: aBuy({ '081234500001': 1 }) })
    expect(named.json.errors).toEqual([{ field: '????????????', problem: 'is not a field here' }])
    expect(
      (await here.ask('POST', '/v1/orders', { key, body: aBuy({ partner }) })).json.errors,
    ).toMatchObject([{ field: 'partner' }])
  })
})

describe('the description', () => {
  it('names every route, parameter and status, and resolves every reference', async () => {
    const document = (await here.ask('GET', '/openapi.json')).json as unknown as ReturnType<
      typeof openapiOf
    > & {
      paths: Record<
        string,
        Record<
          string,
          {
            operationId: string
            responses: object
            parameters: { in: string; name: string; schema: object }[]
          }
        >
      >
    }
    const operations = Object.entries(document.paths).flatMap(([path, each]) =>
      Object.entries(each).map(([method, operation]) => ({
        path,
        method: method.toUpperCase(),
        ...operation,
      })),
    )
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
      ALL_ROUTES.map(({ method, path }) => `${method} ${path}`).sort(),
    )
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(ALL_ROUTES.length)
    for (const { path, parameters, responses } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      expect(parameters.filter((each) => each.in === 'path').map(({ name }) => name)).toEqual(inPath)
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['400', '408', '431', '500']))
    }
    const { schemas } = document.components as { schemas: object }
    const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)
    expect(new Set([...references].map(([, reference]) => reference))).toEqual(
      new Set(Object.keys(schemas).map((name) => `#/components/schemas/${name}`)),
    )
    expect(JSON.stringify(jsonSchemaOf(orderBody))).not.toContain('"$schema"')
  })

  it('is OpenAPI 3.1 to a validator that knows nothing of us', async () => {
    const { json } = await here.ask('GET', '/openapi.json')
    const validator = new Validator()
    expect(await validator.validate(json)).toEqual({ valid: true })
    expect(validator.version).toBe('3.1')
    // It would notice.
    const [path] = Object.keys(json.paths as object)
    const spoiled = { ...json, paths: { [path ?? '']: { get: { responses: { 200: {} } } } } }
    expect((await new Validator().validate(spoiled)).valid).toBe(false)
  })

  it('is a page without a script or anything from elsewhere, with every route', async () => {
    const { text, headers } = await here.ask('GET', '/docs')
    expect(text).not.toMatch(/<script|src=/)
    // A block of text without a tag loads nothing, whatever it says.
    const beside = text.replace(/<pre tabindex="0">[^<]*<\/pre>/g, '')
    expect(beside).not.toMatch(/https?:\/\/(?!json-schema)/)
    for (const { path } of ALL_ROUTES) expect(text).toContain(path)
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  })
})

describe('a signed key', () => {
  const sign = (
    { key: theirs, signingSecret }: { key: string; signingSecret: string | null },
    request: { method: string; path: string; body?: string; nonce: string; atMs?: number },
  ) => {
    const { method, path, body = '', nonce, atMs = Date.now() } = request
    const timestamp = String(Math.floor(atMs / 1_000))
    const hex = createHmac('sha256', signingSecret ?? '')
      .update(`${method}\n${path}\n${timestamp}\n${nonce}\n${body}`)
      .digest('hex')
    const headers = { 'x-timestamp': timestamp, 'x-nonce': nonce, 'x-signature': `v1=${hex}` }
    return { key: theirs, headers, ...(body === '' ? {} : { body }) }
  }

  it('is judged by the time of the database: a server whose clock is set opens to nothing old, and keeps nobody out', async () => {
    const signed = await here.partner({ isSigned: true })
    const path = '/v1/orders'
    const nowMs = Date.now()
    for (const [n, aheadMs] of [3_600_000, -3_600_000].entries()) {
      const asked = (nonce: string, atMs: number) =>
        ask(
          here.web.url,
          'GET',
          path,
          sign(signed, { method: 'GET', path, nonce: `${nonce}-0123456789${n}`, atMs }),
        )
      vi.useFakeTimers({ toFake: ['Date'], now: nowMs + aheadMs })
      try {
        expect((await asked('server', nowMs + aheadMs)).json.code).toBe('signature_refused')
        expect((await asked('database', nowMs)).status).toBe(200)
      } finally {
        vi.useRealTimers()
      }
    }
  })

  it('opens to a good signature once, and not to a replayed, stale or altered one', async () => {
    const signed = await here.partner({ isSigned: true })
    const body = JSON.stringify(aBuy())
    const path = '/v1/orders?wait=0'
    const good = sign(signed, { method: 'POST', path, body, nonce: 'nonce-0123456789a' })
    expect((await here.ask('POST', path, good)).status).toBe(202)
    expect((await here.ask('POST', path, good)).json).toMatchObject({
      code: 'signature_refused',
      detail: 'the nonce has been used before',
    })
    const stale = sign(signed, {
      method: 'POST',
      path,
      body,
      nonce: 'nonce-0123456789b',
      atMs: Date.now() - 301_000,
    })
    expect((await here.ask('POST', path, stale)).json.code).toBe('signature_refused')
    const fresh = sign(signed, { method: 'POST', path, body, nonce: 'nonce-0123456789c' })
    expect((await here.ask('POST', path, { ...fresh, body: `${body} ` })).json.code).toBe('signature_refused')
    expect((await here.ask('POST', '/v1/orders?wait=1', fresh)).json.code).toBe('signature_refused')
    // What was refused has not used the nonce up.
    expect((await here.ask('POST', path, fresh)).status).toBe(202)
    const read = sign(signed, { method: 'GET', path: '/v1/orders', nonce: 'nonce-0123456789d' })
    expect((await ask(here.web.url, 'GET', '/v1/orders', read)).status).toBe(200)
  })
})
