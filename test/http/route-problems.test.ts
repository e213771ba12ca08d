import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SCOPES, type Scope } from '../../src/core/scopes.ts'
import { NO_TRACES } from '../../src/core/traces.ts'
import { PROBLEMS, type ProblemCode } from '../../src/http/problems.ts'
import { type AnyRoute, type ApiDeps, problemsOf } from '../../src/http/route.ts'
import { createServer } from '../../src/http/server.ts'
import { createMetrics } from '../../src/observability/http-metrics.ts'
import { partnerAuthentication } from '../../src/partners/http/authenticate-request.ts'
import { setState } from '../../src/partners/store/partners.ts'
import { claimWallet } from '../../src/partners/store/wallets.ts'
import { OPERATOR_ROUTES, ROUTES } from '../../src/processes/routes.ts'
import { silentLog } from '../support/deps.ts'
import { openTestClient } from '../support/factories/gateway-settings.ts'
import { ownProblems } from '../support/factories/own-problems.ts'
import { envelope, replyWith, startServer, type TestServer } from '../support/servers/http-server.ts'
import { rawHttp, replyIn } from '../support/servers/raw-http.ts'
import { type Asked, ask, type Reply, startTestWeb, type TestWeb } from '../support/servers/web.ts'
import { unnamed } from '../support/unnamed.ts'

const LIMITS = { bodyLimitBytes: 4_096, uploadLimitBytes: 4_096, requestTimeoutMs: 500, uploadTimeoutMs: 500 }

let here: TestWeb
let calm: TestWeb
let full: TestWeb
let cut: TestWeb & { key: string }
let troubled: TestWeb
let refusing: TestWeb
let strict: TestWeb
let gateway: TestServer
let key: string
let own: Record<string, () => Promise<Reply>>
beforeAll(async () => {
  gateway = await startServer((_request, response) =>
    replyWith(response, 200, envelope(undefined, 'User not found', false)),
  )
  here = await startTestWeb(LIMITS)
  calm = await startTestWeb()
  own = ownProblems(calm)
  full = await startTestWeb({ maxConcurrent: 0 })
  troubled = await startTestWeb({ gateway: openTestClient('http://127.0.0.1:1') })
  refusing = await startTestWeb({ gateway: openTestClient(gateway.url) })
  strict = await startTestWeb({ walletPolicy: 'owned' })
  key = (await here.partner()).key
  cut = await withoutDatabase()
})
afterAll(async () => {
  for (const each of [here, calm, full, cut, troubled, refusing, strict, gateway]) await each?.stop()
})

/** A server whose database lets nobody in any more. */
async function withoutDatabase() {
  const web = await startTestWeb()
  const { key: theirs } = await web.partner()
  const name = new URL(web.databaseUrl).pathname.slice(1)
  const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()`
  await here.database.run(unnamed(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`), [])
  await here.database.run(unnamed(end), [name])
  return { ...web, key: theirs }
}

const SAMPLES: Record<string, string> = {
  id: '019c4f2a-7b1e-7c3d-9a4b-5e6f70818293',
  number: '999999999',
  endpoint_id: '999999999',
  date: '2026-02-09',
  name: 'none',
  phone_number: '081234500099',
  kecamatan: 'Gambir',
}
/** A route's path with something for each of its parameters and what its query must have. */
function pathOf({ path, query }: AnyRoute, more = ''): string {
  const needed = ['kecamatan', 'phone_number', 'endpoint_id'].filter(
    (name) => query?.safeParse({}).success === false && query.safeParse({ [name]: SAMPLES[name] }).success,
  )
  const search = [...needed.map((name) => `${name}=${SAMPLES[name]}`), more].filter((each) => each !== '')
  const sample = (name: string) =>
    SAMPLES[name === 'id' && /^\/v1\/(batches|webhook-endpoints)/.test(path) ? 'number' : name] ?? ''
  const filled = path.replace(/\{(\w+)\}/g, (_whole, name: string) => sample(name))
  return `${filled}${search.length === 0 ? '' : `?${search.join('&')}`}`
}
/** A body that a route takes, if it takes one. */
function bodyOf({ method, files = {}, bodyExamples = {} }: AnyRoute): Asked {
  const [file] = Object.entries(files)
  if (file !== undefined) return { body: file[1], headers: { 'content-type': file[0] } }
  const [body] = Object.values(bodyExamples)
  return method === 'GET' || body === undefined ? {} : { body }
}
/** Asks for a route with a body that it takes. */
function askFor(row: AnyRoute, web: TestWeb, asked: Asked, more = ''): Promise<Reply> {
  return web.ask(row.method, pathOf(row, more), { ...bodyOf(row), ...asked })
}
const raw = async (bytes: string) => replyIn(await rawHttp(here.web.url, bytes))
const partnerOf = async (grant: Parameters<TestWeb['partner']>[0]) => (await here.partner(grant)).key

/** A server in which something nobody thought of goes wrong, whatever is asked. */
async function unforeseen(row: AnyRoute): Promise<Reply> {
  const known = await here.partner()
  const [stored] = await here.database.run<{ secretHash: string }>(
    unnamed('SELECT secret_hash AS "secretHash" FROM partner_keys WHERE prefix = $1'),
    [known.prefix],
  )
  const limits = { ordersPerMinute: null, rupiahPerOrder: null, rupiahPerDay: null, walletsPerDay: null }
  const found = {
    ...known,
    ...limits,
    kinds: null,
    addresses: null,
    state: 'active' as const,
    foundAt: new Date(),
    createdAt: new Date(),
  }
  const deps = {
    ...{ log: silentLog, traces: NO_TRACES, newId: () => 'x', now: Date.now, longPoll: { stop() {} } },
    authentication: partnerAuthentication({
      database: here.database,
      findKey: async () => ({ ...found, secretHash: stored?.secretHash ?? '' }),
    }),
    get database() {
      throw new TypeError('08123 is not a function')
    },
  } as unknown as ApiDeps
  const none = async () => Promise.reject(new Error('none'))
  const settings = {
    ...{ maxConcurrent: 9, trustedProxies: [], ...LIMITS },
  }
  const metrics = createMetrics({
    measureOrders: none,
    measureWebhooks: none,
    countClosedSwitches: none,
    queueCounts: none,
    now: Date.now,
  })
  const server = createServer(ROUTES, settings, deps, metrics)
  const url = await server.listen({ port: 0, host: '127.0.0.1' })
  const reply = await ask(url, row.method, pathOf(row), { key: known.key, ...bodyOf(row) })
  await server.close()
  return reply
}

/** How a problem comes about on any route that declares it. */
const ON_ANY_ROUTE: Partial<Record<ProblemCode, (row: AnyRoute) => Promise<Reply>>> = {
  malformed_request: (row) =>
    raw(`${row.method} ${pathOf(row)} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`),
  method_not_allowed: (row) => here.ask('PUT', pathOf(row)),
  // Of a body that never comes; without one, of a head that does not end.
  request_timeout(row) {
    const head = `${row.method} ${pathOf(row)} HTTP/1.1\r\nHost: x\r\n`
    const [mediaType = 'application/json'] = Object.keys(row.files ?? {})
    const rest = `Authorization: Bearer ${key}\r\nContent-Type: ${mediaType}\r\nContent-Length: 9\r\n\r\n`
    return raw(row.method === 'GET' ? head : head + rest)
  },
  headers_too_large: (row) =>
    raw(`${row.method} ${pathOf(row)} HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`),
  internal: unforeseen,
  overloaded: (row) => askFor(row, full, {}),
  unavailable: (row) => askFor(row, cut, { key: cut.key }),
  invalid_request: (row) => askFor(row, here, { key }, 'nonsense=1'),
  payload_too_large(row) {
    const { headers = {} } = bodyOf(row)
    return askFor(row, here, { key, body: JSON.stringify({ long: 'x'.repeat(5_000) }), headers })
  },
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
  wallet_refused: async (row) => askFor(row, strict, { key: (await strict.partner()).key }),
  gateway_missing: (row) => withWallet(here, (theirs) => askFor(row, here, { key: theirs })),
  gateway_refused: (row) => withWallet(refusing, (theirs) => askFor(row, refusing, { key: theirs })),
  gateway_trouble: (row) => withWallet(troubled, (theirs) => askFor(row, troubled, { key: theirs })),
}

const owners = new Map<TestWeb, string>()

/** Asks as the partner whose wallet the samples' is. */
async function withWallet(web: TestWeb, asking: (key: string) => Promise<Reply>): Promise<Reply> {
  const known = owners.get(web)
  if (known !== undefined) return await asking(known)
  const owner = await web.partner()
  owners.set(web, owner.key)
  await claimWallet(web.database, SAMPLES.phone_number ?? '', owner.name)
  return await asking(owner.key)
}

const DECLARED = ROUTES.flatMap((row) =>
  [...new Set(problemsOf(row))].map((code) => ({ name: row.name, code, row })),
)

describe('every problem that a route declares', () => {
  it('has a way here to come about, and none is here that no route declares', () => {
    const declared = DECLARED.map(({ name, code }) => `${name} ${code}`)
    const missing = DECLARED.filter(
      ({ name, code }) => !(code in ON_ANY_ROUTE) && !(`${name} ${code}` in own),
    )
    expect(missing.map(({ name, code }) => `${name} ${code}`)).toEqual([])
    expect(Object.keys(own).filter((each) => !declared.includes(each))).toEqual([])
    // Those of operators have tests of their own: test/reconciliation/http/statement-routes.test.ts.
    const ofOperators = OPERATOR_ROUTES.flatMap(problemsOf)
    expect(new Set([...DECLARED.map(({ code }) => code), ...ofOperators])).toEqual(
      new Set(Object.keys(PROBLEMS)),
    )
  })

  it.each(DECLARED)('comes about: $name $code', async ({ name, code, row }) => {
    const reply = await (own[`${name} ${code}`]?.() ?? ON_ANY_ROUTE[code]?.(row))
    expect([reply?.json.code, reply?.status]).toEqual([code, PROBLEMS[code].status])
    expect(reply?.text).not.toMatch(/(?<![\w.-])08123/)
  })
})

describe('a probe', () => {
  it.each(['/healthz', '/readyz'])('%s is answered when everything else is too much', async (path) => {
    expect((await full.ask('GET', path)).status).toBe(200)
  })
})
