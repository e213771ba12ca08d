import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Asked,
  PASSWORD,
  signIn,
  startTestConsole,
  type TestConsole,
} from '../support/servers/console.ts'
import { sql } from '../support/servers/sessions.ts'

let here: TestConsole
beforeAll(async () => {
  here = await startTestConsole()
})
afterAll(async () => {
  await here?.stop()
})

const trySignIn = (name: string, password: string, asked: Asked = {}) =>
  here.ask('POST', '/sign-in', { form: { name, password, code: '' }, ...asked })

describe('signing in', () => {
  it('says that it is development, where a name is only declared, and asks for no code', async () => {
    const { text } = await here.ask('GET', '/sign-in')
    expect(text).toContain('Development mode.')
    expect(text).not.toContain('name="code"')
    for (const path of ['/enrol', '/sign-in/oidc', '/sign-in/oidc/callback'])
      expect((await here.ask('GET', path)).status, path).toBe(404)
  })

  it('leads from every page to the sign-in and back', async () => {
    const reply = await here.ask('GET', '/orders?state=in_doubt')
    expect(reply.status).toBe(303)
    expect(reply.headers.get('location')).toBe('/sign-in?next=%2Forders%3Fstate%3Din_doubt')
    const back = await here.ask('POST', '/sign-in', {
      form: { name: 'vina', password: PASSWORD, next: '/orders?state=in_doubt' },
    })
    expect(back.headers.get('location')).toBe('/orders?state=in_doubt')
  })

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example', '/sign-in', '/a\nb'])(
    'never leads to %j afterwards',
    async (next) => {
      const reply = await here.ask('POST', '/sign-in', { form: { name: 'vina', password: PASSWORD, next } })
      expect(reply.headers.get('location')).toBe('/')
    },
  )

  it('sets a cookie that no script and no other site can use', async () => {
    const reply = await trySignIn('vina', PASSWORD)
    const cookie = reply.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^goldpro-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/)
  })

  it('behind TLS binds the cookie to its host', async () => {
    const origin = 'https://ops.example.id'
    const behind = await startTestConsole({ databaseUrl: here.databaseUrl, publicOrigin: origin })
    try {
      const form = { name: 'vina', password: PASSWORD }
      const reply = await behind.ask('POST', '/sign-in', { form, headers: { origin } })
      expect(reply.headers.get('set-cookie')).toMatch(/^__Host-goldpro-session=.*; SameSite=Strict; Secure;/)
      expect((await behind.ask('POST', '/sign-in', { form })).status).toBe(403)
    } finally {
      await behind.stop()
    }
  })

  it('stores neither secret nor password', async () => {
    const cookie = await signIn(here.url, 'vina')
    const rows = await sql<{ text: string }>(
      here.databaseUrl,
      'SELECT t::text AS text FROM operator_sessions t',
    )
    const all = rows.map(({ text }) => text).join()
    expect(all).not.toContain(cookie.split('=')[1])
    expect(all).not.toContain(PASSWORD)
  })

  it('gives a new session each time, so that a planted one is worth nothing', async () => {
    const planted = 'goldpro-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    const reply = await trySignIn('vina', PASSWORD, { as: planted })
    expect(reply.status).toBe(303)
    expect((await here.ask('GET', '/', { as: planted })).status).toBe(303)
    const own = reply.headers.get('set-cookie')?.split(';')[0] ?? ''
    expect((await here.ask('GET', '/', { as: own })).status).toBe(200)
    // Two cookies of the name: one may be planted from another host.
    expect((await here.ask('GET', '/', { as: `${planted}; ${own}` })).status).toBe(303)
  })

  it('ends with the sign-out, when it is idle, and after its longest time', async () => {
    const cookie = await signIn(here.url, 'adi')
    expect((await here.ask('POST', '/sign-out', { as: cookie })).status).toBe(303)
    expect((await here.ask('GET', '/', { as: cookie })).status).toBe(303)
    for (const change of [`seen_at = now() - interval '31 minutes'`, 'ends_at = now()', 'ended_at = now()']) {
      const other = await signIn(here.url, 'adi')
      expect((await here.ask('GET', '/', { as: other })).status).toBe(200)
      await sql(here.databaseUrl, `UPDATE operator_sessions SET ${change} WHERE name = 'adi'`)
      expect((await here.ask('GET', '/', { as: other })).status, change).toBe(303)
    }
  })

  it('is not kept alive by a page that asks by itself', async () => {
    const cookie = await signIn(here.url, 'adi')
    await sql(
      here.databaseUrl,
      `UPDATE operator_sessions SET seen_at = now() - interval '29 minutes' WHERE ended_at IS NULL AND name = 'adi'`,
    )
    const asksItself = { as: cookie, headers: { 'hx-request': 'true' } }
    expect((await here.ask('GET', '/', asksItself)).status).toBe(200)
    const [row] = await sql<{ is_old: boolean }>(
      here.databaseUrl,
      `SELECT bool_or(seen_at < now() - interval '20 minutes') AS is_old FROM operator_sessions WHERE name = 'adi' AND ends_at > now()`,
    )
    expect(row?.is_old).toBe(true)
  })

  it('makes a name wait after failures, also those at once, whatever the password is then', async () => {
    const guesses = await Promise.all(Array.from({ length: 12 }, () => trySignIn('candra', 'wrong')))
    expect(guesses.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(6)
    expect(guesses.some(({ status }) => status === 429)).toBe(true)
    await sql(
      here.databaseUrl,
      `UPDATE console_throttles SET blocked_until = now() + interval '1 minute' WHERE key LIKE 'name:%'`,
    )
    // A look-alike of the name is the same name, and the right password does not help.
    expect((await trySignIn('cаndra', PASSWORD)).status).toBe(429)
    const passed = `UPDATE console_throttles SET blocked_until = now()`
    await sql(here.databaseUrl, passed)
    expect((await trySignIn('candra', PASSWORD)).status).toBe(303)
  })

  it('records who signed in, who failed and who signed out', async () => {
    const rows = await sql<{ event: string }>(here.databaseUrl, 'SELECT DISTINCT event FROM console_events')
    expect(rows.map(({ event }) => event).sort()).toEqual(['sign_in_refused', 'signed_in', 'signed_out'])
    await expect(sql(here.databaseUrl, 'DELETE FROM console_events')).rejects.toThrow()
  })
})

describe('a request of another site', () => {
  it.each([
    ['no Origin', { origin: '' }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['no origin at all', { origin: 'null' }],
    ['another site by Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }],
  ])('with %s gives no command', async (_what, headers) => {
    const as = await here.as('mira')
    const reply = await here.ask('POST', '/sign-out', { as, headers })
    expect(reply.status).toBe(403)
    expect((await here.ask('GET', '/', { as })).status).toBe(200)
  })
})

describe('every answer', () => {
  it('allows nothing from elsewhere and nothing inline, and is kept by nobody', async () => {
    const { headers } = await here.ask('GET', '/', { as: await here.as('vina') })
    expect(headers.get('content-security-policy')).toContain(
      "default-src 'self'; base-uri 'none'; form-action 'self'",
    )
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('is in the language that was chosen', async () => {
    const page = await here.ask('GET', '/sign-in', { headers: { 'accept-language': 'id-ID,en;q=0.5' } })
    expect(page.text).toContain('<html lang="id">')
    const chosen = await here.ask('POST', '/language', { form: { to: 'en', back: '/sign-in' } })
    const cookie = chosen.headers.get('set-cookie')?.split(';')[0] ?? ''
    const english = await here.ask('GET', '/sign-in', { as: cookie, headers: { 'accept-language': 'id' } })
    expect(english.text).toContain('<html lang="en">')
  })
})
