import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimWallet, setState } from '../../src/db/partner-store.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { PROBLEMS, type ProblemCode } from '../../src/http/problems.ts'
import { type AnyRoute, type ApiEffects, problemsOf } from '../../src/http/route.ts'
import { ROUTES } from '../../src/http/routes.ts'
import { createServer } from '../../src/http/server.ts'
import { SCOPES, type Scope } from '../../src/partners/words.ts'
import { NO_TRACES } from '../../src/tracing/traces.ts'
import { silentLog } from '../support/effects.ts'
import { openTestClient } from '../support/gateway-settings.ts'
import { envelope, replyWith, startServer, type TestServer } from '../support/http-server.ts'
import { rawHttp, replyIn } from '../support/raw-http.ts'
import { type Asked, aBuy, ask, type Reply, startTestWeb, type TestWeb } from '../support/web.ts'

let here: TestWeb
let full: TestWeb
let cut: TestWeb & { key: string }
let troubled: TestWeb
let refusing: TestWeb
let gateway: TestServer
let key: string
beforeAll(async () => {
  gateway = await startServer((_request, response) =>
    replyWith(response, 200, envelope(undefined, 'User not found', false)),
  )
  here = await startTestWeb({ bodyLimitBytes: 4_096, requestTimeoutMs: 500 })
  full = await startTestWeb({ maxConcurrent: 0 })
  troubled = await startTestWeb({ gateway: openTestClient('http://127.0.0.1:1') })
  refusing = await startTestWeb({ gateway: openTestClient(gateway.url) })
  key = (await here.partner()).key
  cut = await withoutDatabase()
})
afterAll(async () => {
  for (const each of [here, full, cut, troubled, refusing, gateway]) await each?.stop()
})

/** A server whose database lets nobody in any more. */
async function withoutDatabase() {
  const web = await startTestWeb()
  const { key: theirs } = await web.partner()
  const name = new URL(web.databaseUrl).pathname.slice(1)
  const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()`
  await here.database.run({ name: '', text: `ALTER DATABASE ${name} ALLOW_CONNECTIONS false` }, [])
  await here.database.run({ name: '', text: end }, [name])
  return { ...web, key: theirs }
}

const SAMPLES: Record<string, string> = {
  id: '019c4f2a-7b1e-7c3d-9a4b-5e6f70818293',
  phone_number: '081234500099',
  kecamatan: 'Gambir',
}
/** A route's path with something for each of its parameters and what its query must have. */
function pathOf({ path, query }: AnyRoute, more = ''): string {
  const needed = ['kecamatan', 'phone_number'].filter(
    (name) => query?.safeParse({}).success === false && query.safeParse({ [name]: SAMPLES[name] }).success,
  )
  const search = [...needed.map((name) => `${name}=${SAMPLES[name]}`), more].filter((each) => each !== '')
  return `${path.replace(/\{(\w+)\}/g, (_whole, name: string) => SAMPLES[name] ?? '1')}${search.length === 0 ? '' : `?${search.join('&')}`}`
}
/** Asks for a route with a body that it takes, if it takes one. */
function askFor(row: AnyRoute, web: TestWeb, asked: Asked, more = ''): Promise<Reply> {
  const [example] = Object.values(row.bodyExamples ?? {})
  const body = row.method === 'GET' || example === undefined ? {} : { body: example }
  return web.ask(row.method, pathOf(row, more), { ...body, ...asked })
}
const raw = async (bytes: string) => replyIn(await rawHttp(here.web.url, bytes))
const partnerOf = async (grant: Parameters<TestWeb['partner']>[0]) => (await here.partner(grant)).key

/** A server in which something nobody thought of goes wrong, whatever is asked. */
async function unforeseen(row: AnyRoute): Promise<Reply> {
  const known = await here.partner()
  const [stored] = await here.database.run<{ secretHash: string }>(
    { name: '', text: 'SELECT secret_hash AS "secretHash" FROM partner_keys WHERE prefix = $1' },
    [known.prefix],
  )
  const limits = { ordersPerMinute: null, rupiahPerOrder: null, rupiahPerDay: null, walletsPerDay: null }
  const found = { ...known, ...limits, kinds: null, addresses: null, state: 'active', createdAt: new Date() }
  const effects = {
    ...{ log: silentLog, traces: NO_TRACES, newId: () => 'x', now: Date.now, waits: { stop() {} } },
    findKey: async () => ({ ...found, secretHash: stored?.secretHash ?? '' }),
    get database() {
      throw new TypeError('08123 is not a function')
    },
  } as unknown as ApiEffects
  const none = async () => Promise.reject(new Error('none'))
  const settings = {
    ...{ maxConcurrent: 9, trustedProxies: [], bodyLimitBytes: 4_096, requestTimeoutMs: 500 },
    ...{ uploadLimitBytes: 4_096, uploadTimeoutMs: 500 },
  }
  const metrics = createMetrics({
    measureOrders: none,
    measureWebhooks: none,
    queueCounts: none,
    now: Date.now,
  })
  const server = createServer(settings, effects, metrics)
  const url = await server.listen({ port: 0, host: '127.0.0.1' })
  const [body] = Object.values(row.bodyExamples ?? {})
  const sent = row.method === 'GET' || body === undefined ? {} : { body }
  const reply = await ask(url, row.method, pathOf(row), { key: known.key, ...sent })
  await server.close()
  return reply
}

/** How a problem comes about on any route that declares it. */
const ON_ANY_ROUTE: Partial<Record<ProblemCode, (row: AnyRoute) => Promise<Reply>>> = {
  malformed_request: (row) =>
    raw(`${row.method} ${pathOf(row)} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`),
  request_timeout: (row) => raw(`${row.method} ${pathOf(row)} HTTP/1.1\r\nHost: x\r\n`),
  headers_too_large: (row) =>
    raw(`${row.method} ${pathOf(row)} HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`),
  internal: unforeseen,
  overloaded: (row) => askFor(row, full, {}),
  unavailable: (row) => askFor(row, cut, { key: cut.key }),
  invalid_request: (row) => askFor(row, here, { key }, 'nonsense=1'),
  payload_too_large: (row) => askFor(row, here, { key, body: { long: 'x'.repeat(5_000) } }),
  unsupported_media_type: (row) =>
    askFor(row, here, { key, body: 'x', headers: { 'content-type': 'text/plain' } }),
  unauthorised: (row) => askFor(row, here, {}),
  signature_refused: async (row) => askFor(row, here, { key: await partnerOf({ isSigned: true }) }),
  async scope_missing(row) {
    const scopes = SCOPES.filter((scope: Scope) => scope !== row.scope)
    return await askFor(row, here, { key: await partnerOf({ scopes }) })
  },
  async partner_suspended(row) {
    const gone = await here.partner()
    await setState(here.database, gone.name, 'suspended', 'person:test')
    return await askFor(row, here, { key: gone.key })
  },
  address_refused: async (row) =>
    askFor(row, here, { key: await partnerOf({ limits: { addresses: ['192.0.2.0/24'] } }) }),
  not_found: (row) => askFor(row, here, { key }),
  gateway_missing: (row) => withWallet(here, (theirs) => askFor(row, here, { key: theirs })),
  gateway_refused: (row) => withWallet(refusing, (theirs) => askFor(row, refusing, { key: theirs })),
  gateway_trouble: (row) => withWallet(troubled, (theirs) => askFor(row, troubled, { key: theirs })),
}

/** Asks as the partner whose wallet the samples' is. */
async function withWallet(web: TestWeb, asking: (key: string) => Promise<Reply>): Promise<Reply> {
  const owner = await web.partner()
  await web.database.run({ name: '', text: 'DELETE FROM partner_wallets' }, [])
  await claimWallet(web.database, SAMPLES.phone_number ?? '', owner.name)
  return await asking(owner.key)
}

const limited = async (limits: object, ...bodies: object[]) => {
  const theirs = await partnerOf({ limits })
  let last: Reply | null = null
  for (const body of bodies) last = await here.ask('POST', '/v1/orders', { key: theirs, body: aBuy(body) })
  if (last === null) throw new Error('nothing asked')
  return last
}

/** How a problem comes about that is one route's own. */
const ON_ONE_ROUTE: Record<string, () => Promise<Reply>> = {
  async 'placeOrder reference_conflict'() {
    await here.ask('POST', '/v1/orders', { key, body: aBuy({ reference: 'twice' }) })
    return await here.ask('POST', '/v1/orders', { key, body: aBuy({ reference: 'twice', amount: 5 }) })
  },
  'placeOrder kind_not_allowed': () => limited({ kinds: ['sell'] }, {}),
  'placeOrder rupiah_per_order': () => limited({ rupiah_per_order: '99999' }, {}),
  'placeOrder rupiah_unbounded': () =>
    limited({ rupiah_per_day: '1' }, { amount: undefined, gold_weight: 1 }),
  // A minute may end in between: not twice.
  'placeOrder orders_per_minute': () => limited({ orders_per_minute: 1 }, {}, {}, {}),
  'placeOrder rupiah_per_day': () => limited({ rupiah_per_day: '150000' }, {}, {}),
  'placeOrder wallets_per_day': () => limited({ wallets_per_day: 1 }, {}, { phone_number: '081234500002' }),
  async 'cancelOrder not_cancellable'() {
    const { json } = await here.ask('POST', '/v1/orders', { key, body: aBuy() })
    const hold = `UPDATE orders SET state = 'held', reason = 'held_by_person', actor = 'person:test' WHERE id = $1`
    await here.database.run({ name: '', text: hold }, [json.id])
    return await here.ask('POST', `/v1/orders/${json.id}/cancel`, { key })
  },
}

const DECLARED = ROUTES.flatMap((row) =>
  [...new Set(problemsOf(row))].map((code) => ({ name: row.name, code, row })),
)

describe('every problem that a route declares', () => {
  it('has a way here to come about, and none is here that no route declares', () => {
    const declared = DECLARED.map(({ name, code }) => `${name} ${code}`)
    const missing = DECLARED.filter(
      ({ name, code }) => !(code in ON_ANY_ROUTE) && !(`${name} ${code}` in ON_ONE_ROUTE),
    )
    expect(missing.map(({ name, code }) => `${name} ${code}`)).toEqual([])
    expect(Object.keys(ON_ONE_ROUTE).filter((each) => !declared.includes(each))).toEqual([])
    expect(new Set(DECLARED.map(({ code }) => code))).toEqual(new Set(Object.keys(PROBLEMS)))
  })

  it.each(DECLARED)('comes about: $name $code', async ({ name, code, row }) => {
    const reply = await (ON_ONE_ROUTE[`${name} ${code}`]?.() ?? ON_ANY_ROUTE[code]?.(row))
    expect([reply?.json.code, reply?.status]).toEqual([code, PROBLEMS[code].status])
    expect(reply?.text).not.toContain('08123')
  })
})

describe('a probe', () => {
  it.each(['/healthz', '/readyz'])('%s is answered when everything else is too much', async (path) => {
    expect((await full.ask('GET', path)).status).toBe(200)
  })
})
