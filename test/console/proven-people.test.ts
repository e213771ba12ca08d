import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startConsole } from '../../src/processes/console.ts'
import { silentLog } from '../support/deps.ts'
import { provenPeople } from '../support/factories/operators.ts'
import { anAccepted, openStores } from '../support/factories/stored-orders.ts'
import { askPage, seenIn, signIn } from '../support/servers/console.ts'
import { sql } from '../support/servers/sessions.ts'

let place: Awaited<ReturnType<typeof provenPeople>>
let here: Awaited<ReturnType<typeof startConsole>>
let stores: ReturnType<typeof openStores>
beforeAll(async () => {
  place = await provenPeople()
  stores = openStores(place.databaseUrl)
  here = await startConsole({
    ...{ databaseUrl: place.databaseUrl, redisUrl: null, host: '127.0.0.1', port: 0, publicOrigin: null },
    ...{ trustedProxies: [], uploadLimitBytes: 1024, people: null, onePersonTeam: false, reconLagMs: 0 },
    log: silentLog,
  })
})
afterAll(async () => {
  await here?.stop()
  await stores?.database.close()
  await place?.drop()
})

describe('where people are proven', () => {
  it('an operator signs in by the own token, and the command proves itself to Postgres', async () => {
    const id = await anAccepted(stores)
    const as = await signIn(here.url, 'ani', place.ani.token)
    const page = await askPage(here.url, 'GET', `/orders/${id}`, { as })
    const action = `/orders/${id}/hold`
    const form = { seen: seenIn(page.text, action), note: 'asked by phone' }
    expect((await askPage(here.url, 'POST', action, { as, form })).status).toBe(303)
    const [act] = await sql(
      place.databaseUrl,
      `SELECT name, proof FROM operator_acts WHERE command = 'console ${action}' LIMIT 1`,
    )
    expect(act).toEqual({ name: 'ani', proof: 'token' })
  })

  it('another’s token, or the token’s hash, is no proof', async () => {
    await expect(signIn(here.url, 'ani', place.budi.token)).rejects.toThrow('401')
    const [row] = await sql<{ hash: string }>(
      place.databaseUrl,
      'SELECT secret_hash AS hash FROM operator_tokens LIMIT 1',
    )
    await expect(signIn(here.url, 'ani', row?.hash ?? '')).rejects.toThrow('401')
  })

  it('the table of sessions has no token, and a session ends with its token', async () => {
    const as = await signIn(here.url, 'vera', place.vera.token)
    const rows = await sql<{ text: string }>(
      place.databaseUrl,
      'SELECT t::text AS text FROM console_sessions t',
    )
    for (const { text } of rows) expect(text).not.toContain('gpo_')
    expect((await askPage(here.url, 'GET', '/', { as })).status).toBe(200)
    await sql(
      place.databaseUrl,
      `ALTER TABLE operator_tokens DISABLE TRIGGER USER; UPDATE operator_tokens SET revoked_at = now()
       WHERE operator_id = (SELECT id FROM operators WHERE name = 'vera'); ALTER TABLE operator_tokens ENABLE TRIGGER USER`,
    )
    expect((await askPage(here.url, 'GET', '/', { as })).status).toBe(303)
  })
})
