import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROUTES } from '../../src/console/routes.ts'
import { OPERATORS, startTestConsole, type TestConsole } from '../support/servers/console.ts'
import { sql } from '../support/servers/sessions.ts'

let here: TestConsole
beforeAll(async () => {
  here = await startTestConsole()
})
afterAll(async () => {
  await here?.stop()
})

const UNKNOWN = '0190a000-0000-7000-8000-000000000000'
const placeOf = (path: string) =>
  path.replace(':id', /^\/(orders|deliveries)/.test(path) ? UNKNOWN : '999').replace(':name', 'nobody')
const protectedRoutes = ROUTES.filter(({ roles }) => roles !== null)

describe('every route', () => {
  it('is one of the table, once', () => {
    const keys = ROUTES.map(({ method, path }) => `${method} ${path}`)
    expect(new Set(keys).size).toBe(keys.length)
    expect(keys.length).toBeGreaterThan(40)
  })

  it('that gives a command is no GET, and no viewer may', () => {
    for (const { method, path, roles } of protectedRoutes)
      expect(roles?.includes('viewer'), path).toBe(method === 'GET')
  })

  it('answers nobody who is not signed in', async () => {
    for (const { method, path } of protectedRoutes) {
      const { status } = await here.ask(method, placeOf(path))
      expect(status, `${method} ${path}`).toBe(method === 'GET' ? 303 : 401)
    }
  })

  it.each(Object.keys(OPERATORS))('lets %s do what the roles allow, and nothing else', async (name) => {
    const as = await here.as(name)
    const held = OPERATORS[name] ?? []
    for (const { method, path, roles } of protectedRoutes) {
      const { status } = await here.ask(method, placeOf(path), { as })
      const may = roles?.some((role) => held.includes(role)) === true
      if (may) expect([200, 303, 404, 409], `${method} ${path}: ${status}`).toContain(status)
      else expect(status, `${method} ${path}`).toBe(403)
    }
  })

  it('of another method is not there', async () => {
    const as = await here.as('mira')
    for (const { path } of protectedRoutes.filter(({ method }) => method === 'POST')) {
      const { status } = await here.ask('GET', placeOf(path), { as })
      // An id may be any word: the page of a thing that is not there.
      expect(status, path).toBe(404)
    }
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS'])
      expect((await here.ask(method, '/orders', { as })).status, method).toBe(404)
  })

  it('wrote nothing in all of this but the door’s own audit', async () => {
    const [row] = await sql<{ count: string }>(
      here.databaseUrl,
      'SELECT ((SELECT count(*) FROM orders) + (SELECT count(*) FROM proposals) + (SELECT count(*) FROM change_requests) + (SELECT count(*) FROM switch_closings))::text AS count',
    )
    expect(row?.count).toBe('0')
  })
})
