import type { BreakerRules } from '../../../src/breaker/rules.ts'
import type { Role } from '../../../src/console/people.ts'
import { type RunningConsole, startConsole } from '../../../src/processes/console.ts'
import { silentLog } from '../deps.ts'
import { createTestDatabase } from './postgres.ts'

/** People of the console's tests: one of each role, and a second checker. */
export const OPERATORS: Readonly<Record<string, readonly Role[]>> = {
  vina: ['viewer'],
  mira: ['maker'],
  candra: ['checker'],
  chaca: ['checker'],
  adi: ['admin'],
  oka: ['maker', 'checker'],
}
export const PASSWORD = 'a password of a test'

export interface PageReply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export interface Asked {
  /** The session's cookie; empty: nobody is signed in. */
  readonly as?: string
  readonly form?: Readonly<Record<string, string>> | URLSearchParams | FormData
  readonly headers?: Readonly<Record<string, string>>
}

export interface TestConsole {
  readonly url: string
  readonly databaseUrl: string
  ask(method: string, path: string, asked?: Asked): Promise<PageReply>
  /** Signs in, once a test file for each person, and gives the cookie. */
  as(name: string): Promise<string>
  stop(): Promise<void>
}

/** The console on a database of its own. */
export async function startTestConsole(
  given: {
    databaseUrl?: string
    publicOrigin?: string
    onePersonTeam?: boolean
    breaker?: BreakerRules
  } = {},
): Promise<TestConsole> {
  const place = given.databaseUrl === undefined ? await createTestDatabase() : null
  const databaseUrl = given.databaseUrl ?? place?.databaseUrl ?? ''
  const people = Object.entries(OPERATORS).map(([name, roles]) => ({ name, roles, password: PASSWORD }))
  const running: RunningConsole = await startConsole({
    databaseUrl,
    redisUrl: null,
    host: '127.0.0.1',
    port: 0,
    publicOrigin: given.publicOrigin ?? null,
    trustedProxies: [],
    uploadLimitBytes: 1024 * 1024,
    door: { is: 'declared', people },
    onePersonTeam: given.onePersonTeam ?? false,
    reconLagMs: 0,
    breaker: given.breaker ?? null,
    log: { ...silentLog, error: (fields) => console.error(fields) },
  })
  const { url } = running
  const cookies = new Map<string, Promise<string>>()
  return {
    url,
    databaseUrl,
    ask: (method, path, asked) => askPage(url, method, path, asked),
    as(name) {
      const known = cookies.get(name) ?? signIn(url, name)
      cookies.set(name, known)
      return known
    },
    async stop() {
      await running.stop()
      await place?.drop()
    },
  }
}

/** Sends one request as a browser would. */
export async function askPage(
  url: string,
  method: string,
  path: string,
  { as = '', form, headers = {} }: Asked = {},
): Promise<PageReply> {
  const body =
    form instanceof FormData || form === undefined
      ? form
      : new URLSearchParams(form as Record<string, string>)
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(method === 'POST' ? { origin: url } : {}),
      ...(as === '' ? {} : { cookie: as }),
      ...headers,
    },
    ...(method === 'POST' ? { body: body ?? new URLSearchParams() } : {}),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** The cookie of a new session. */
export async function signIn(url: string, name: string, password = PASSWORD, code = ''): Promise<string> {
  const reply = await askPage(url, 'POST', '/sign-in', { form: { name, password, code } })
  const cookie = reply.headers.get('set-cookie')
  if (reply.status !== 303 || cookie === null) throw new Error(`${name} is not signed in: ${reply.status}`)
  return cookie.split(';')[0] ?? ''
}

/** The value of a hidden field of a form on a page. */
export function seenIn(page: string, action: string): string {
  const [, rest = ''] = page.split(`action="${action}"`)
  const [, written = ''] = /name="seen" value="([^"]*)"/.exec(rest) ?? []
  return written
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
