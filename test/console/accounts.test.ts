import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { linkAccount, revokeSignIn } from '../../src/operators/admin/sign-in.ts'
import { startConsole } from '../../src/processes/console.ts'
import { silentLog } from '../support/deps.ts'
import { CHEAP, CONSOLE_SECRET, consoleKeys, letConsoleIn } from '../support/factories/console-sign-in.ts'
import { operatorBy, type ProvenPerson, provenPeople, refusedBy } from '../support/factories/operators.ts'
import { type AccountProvider, startAccountProvider } from '../support/servers/account-provider.ts'
import { askPage, type PageReply } from '../support/servers/console.ts'
import { inSession, sql } from '../support/servers/sessions.ts'

const ORIGIN = 'https://ops.example.id'
const REDIRECT = `${ORIGIN}/sign-in/oidc/callback`

let place: Awaited<ReturnType<typeof provenPeople>>
let url: string
let provider: AccountProvider
let here: Awaited<ReturnType<typeof startConsole>>
const serve = async (issuer: string) =>
  await startConsole({
    ...{ databaseUrl: url, redisUrl: null, host: '127.0.0.1', port: 0, publicOrigin: ORIGIN },
    ...{ trustedProxies: [], uploadLimitBytes: 1024, onePersonTeam: false, reconLagMs: 0 },
    door: {
      ...{ is: 'proven', secret: CONSOLE_SECRET, hasPasswords: false, passwordCost: CHEAP },
      provider: {
        ...{ issuer, redirectUri: REDIRECT },
        ...{ clientId: provider.clientId, clientSecret: provider.clientSecret },
      },
    },
    log: silentLog,
  })
beforeAll(async () => {
  place = await provenPeople()
  url = place.databaseUrl
  await letConsoleIn(url)
  provider = await startAccountProvider(REDIRECT)
  here = await serve(provider.issuer)
  await link(place.adi, 'ani', 'sub-ani')
  await link(place.adi, 'budi', 'sub-budi')
})
afterAll(async () => {
  await here?.stop()
  await provider?.stop()
  await place?.drop()
})
beforeEach(() => {
  provider.subject = 'sub-ani'
  provider.tamper = (idToken) => idToken
})

const link = (by: ProvenPerson, name: string, subject: string) =>
  inSession(url, (session) => linkAccount(session, by, name, { issuer: provider.issuer, subject }))
const get = (path: string, as = '') => askPage(here.url, 'GET', path, { as })
const cookieOf = (reply: PageReply, name: string) =>
  reply.headers
    .getSetCookie()
    .find((each) => each.startsWith(`__Host-goldpro-${name}=`))
    ?.split(';')[0] ?? ''

/** Goes to the provider and comes back. */
async function away(next = '/orders') {
  const begun = await get(`/sign-in/oidc?next=${encodeURIComponent(next)}`)
  const search = await provider.visit(begun.headers.get('location') ?? '')
  return { begun, search, flow: cookieOf(begun, 'account') }
}
const back = (search: URLSearchParams, flow: string) => get(`/sign-in/oidc/callback?${search}`, flow)
const events = () =>
  sql<{ operator: string }>(url, `SELECT operator FROM console_events WHERE event = 'signed_in'`)

describe('an account', () => {
  it('that is linked signs its operator in, and leads back into the console', async () => {
    const { begun, search, flow } = await away('/orders?state=in_doubt')
    const asked = new URL(begun.headers.get('location') ?? '').searchParams
    expect(Object.fromEntries(asked)).toMatchObject({ code_challenge_method: 'S256', response_type: 'code' })
    expect(begun.headers.get('set-cookie')).toMatch(
      /^__Host-goldpro-account=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=600$/,
    )
    const reply = await back(search, flow)
    expect(reply).toMatchObject({
      status: 200,
      text: expect.stringContaining('http-equiv="refresh" content="0; url=/orders?state=in_doubt"'),
    })
    const as = cookieOf(reply, 'session')
    expect((await get('/', as)).text).toContain('ani')
    const [row] = await sql(url, 'SELECT name, proof FROM operator_sessions')
    expect(row).toEqual({ name: 'ani', proof: 'oidc' })
    // The code is used up, and so is the way there.
    expect((await back(search, flow)).status).toBe(401)
    await inSession(url, (session) => revokeSignIn(session, place.adi, 'ani'))
    expect((await get('/', as)).status).toBe(303)
    await link(place.adi, 'ani', 'sub-ani')
  })

  it.each(['https://evil.example/', '//evil.example', '/\\evil.example', '/sign-in'])(
    'never leads to %s afterwards',
    async (next) => {
      const { search, flow } = await away(next)
      expect((await back(search, flow)).text).toContain('content="0; url=/"')
    },
  )

  it('that nobody has linked is told what an admin does', async () => {
    provider.subject = `<b>'x`
    const { search, flow } = await away()
    const reply = await back(search, flow)
    expect(reply.status).toBe(403)
    expect(reply.text).toContain('goldpro operator link-oidc NAME --subject')
    expect(reply.text).not.toContain('<b>')
    expect(cookieOf(reply, 'session')).toBe('')
  })

  it('is linked to one operator, by an admin or by the own token', async () => {
    expect(await link(place.adi, 'budi', 'sub-ani')).toMatchObject({ is: 'refused' })
    const steals = `SELECT link_account('ani', 'x', 'y', 'x')`
    expect(await refusedBy(url, steals, place.budi)).toBe('operator_role')
  })
})

describe('an answer that is not the provider’s to this browser is refused', () => {
  it('without the browser’s cookie, or with that of another way there', async () => {
    const { search, flow } = await away()
    const other = await away()
    const before = (await events()).length
    for (const as of [
      '',
      other.flow,
      flow.replace(/=(.)/, (_all, first) => (first === 'A' ? '=B' : '=A')),
      '__Host-goldpro-account=abc',
    ])
      expect((await back(search, as)).status).toBe(401)
    expect((await events()).length).toBe(before)
  })

  it('with another state, issuer or code', async () => {
    for (const [name, value] of [
      ['state', 'another'],
      ['iss', 'https://evil.example'],
      ['code', 'another'],
    ] as const) {
      const { search, flow } = await away()
      search.set(name, value)
      expect((await back(search, flow)).status, name).toBe(401)
    }
  })

  it('with another nonce, or too late', async () => {
    const prefix = '__Host-goldpro-account='
    const changed = (flow: string, change: object) => {
      const opened = JSON.parse(consoleKeys.open('oidc', REDIRECT, flow.slice(prefix.length)) ?? '')
      return prefix + consoleKeys.seal('oidc', REDIRECT, JSON.stringify({ ...opened, ...change }))
    }
    for (const change of [{ nonce: 'another' }, { verifier: 'x'.repeat(43) }, { endsAt: Date.now() - 1 }]) {
      const { search, flow } = await away()
      expect((await back(search, changed(flow, change))).status, Object.keys(change)[0]).toBe(401)
    }
    const { search, flow } = await away()
    expect((await back(search, changed(flow, {}))).status).toBe(200)
  })

  it('with an ID token that somebody changed, or another issuer’s', async () => {
    const withClaims = (claims: object) => (idToken: string) => {
      const [head, body = '', mac] = idToken.split('.')
      const said = JSON.parse(Buffer.from(body, 'base64url').toString())
      return [head, Buffer.from(JSON.stringify({ ...said, ...claims })).toString('base64url'), mac].join('.')
    }
    for (const claims of [{ sub: 'sub-budi' }, { iss: 'https://evil.example' }, { aud: 'another' }]) {
      const { search, flow } = await away()
      provider.tamper = withClaims(claims)
      expect((await back(search, flow)).status, Object.keys(claims)[0]).toBe(401)
    }
  })

  it('of a provider that says to be another one', async () => {
    const other = await serve(provider.issuer.replace('127.0.0.1', 'localhost'))
    try {
      expect((await askPage(other.url, 'GET', '/sign-in/oidc')).status).toBe(503)
    } finally {
      await other.stop()
    }
  })
})

it('with passwords turned off, none is asked for or taken', async () => {
  const page = await get('/sign-in')
  expect(page.text).toContain('href="/sign-in/oidc?next=%2F"')
  expect(page.text).not.toContain('type="password"')
  expect((await get('/enrol?code=x')).status).toBe(404)
  const form = { name: 'ani', password: 'x', code: '1' }
  const headers = { origin: ORIGIN }
  expect((await askPage(here.url, 'POST', '/sign-in', { form, headers })).status).toBe(401)
})

it('once there are two admins, a link by one of them waits for somebody else', async () => {
  await operatorBy(url, place.adi, 'wati', ['admin'])
  expect(await link(place.adi, 'budi', 'sub-budi')).toEqual({ is: 'done', waits: true })
  provider.subject = 'sub-budi'
  const { search, flow } = await away()
  expect(await back(search, flow)).toMatchObject({ status: 403, text: expect.stringContaining('sub-budi') })
  expect(await link(place.budi, 'budi', 'sub-budi')).toEqual({ is: 'done', waits: false })
  const again = await away()
  expect((await back(again.search, again.flow)).status).toBe(200)
})
