import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { passwordKey } from '../../src/console/factors/password.ts'
import { operatorPeople } from '../../src/console/operator-people.ts'
import { disableOperator, setRoles } from '../../src/operators/admin/commands.ts'
import { confirmSignIn, revokeSignIn } from '../../src/operators/admin/sign-in.ts'
import { startConsole } from '../../src/processes/console.ts'
import { silentLog } from '../support/deps.ts'
import {
  CHEAP,
  CONSOLE_SECRET,
  codeAt,
  consoleKeys,
  enrolled,
  forgetSteps,
  invited,
  letConsoleIn,
  NEW_PASSWORD,
} from '../support/factories/console-sign-in.ts'
import { operatorBy, provenPeople, refusedBy } from '../support/factories/operators.ts'
import { anAccepted, openStores } from '../support/factories/stored-orders.ts'
import { type Asked, askPage, seenIn, signIn } from '../support/servers/console.ts'
import { inSession, sessionDatabase, sql } from '../support/servers/sessions.ts'

let place: Awaited<ReturnType<typeof provenPeople>>
let url: string
let here: Awaited<ReturnType<typeof startConsole>>
let stores: ReturnType<typeof openStores>
beforeAll(async () => {
  place = await provenPeople()
  url = place.databaseUrl
  await letConsoleIn(url)
  stores = openStores(url)
  here = await startConsole({
    ...{ databaseUrl: url, redisUrl: null, host: '127.0.0.1', port: 0, publicOrigin: null },
    ...{ trustedProxies: [], uploadLimitBytes: 1024, onePersonTeam: false, reconLagMs: 0 },
    door: { is: 'proven', secret: CONSOLE_SECRET, hasPasswords: true, provider: null, passwordCost: CHEAP },
    log: silentLog,
  })
})
afterAll(async () => {
  await here?.stop()
  await stores?.database.close()
  await place?.drop()
})

const ask = (method: string, path: string, asked?: Asked) => askPage(here.url, method, path, asked)
const tried = async (name: string, password: string, code: string) =>
  (await ask('POST', '/sign-in', { form: { name, password, code } })).status
const signedIn = async (name: string, totpSecret: string) => {
  await forgetSteps(url)
  return await signIn(here.url, name, NEW_PASSWORD, codeAt(totpSecret))
}
const forgetThrottles = () => sql(url, 'DELETE FROM console_throttles')

describe('an invitation', () => {
  it('leads by a password and a TOTP code to recovery codes, and to the first session', async () => {
    const code = await invited(url, place.adi, 'ani')
    expect((await ask('GET', `/enrol?code=${code}`)).text).toContain('ani')
    const form = { code, password: NEW_PASSWORD, again: NEW_PASSWORD }
    const totp = await ask('POST', '/enrol', { form })
    const [, secret = ''] = /otpauth:\/\/totp\/[^"]*secret=([A-Z2-7]{32})/.exec(totp.text) ?? []
    expect(totp.text).toMatch(/<svg class="qr".*<path/s)
    const wrong = await ask('POST', '/enrol/confirm', { form: { code, totp: '000000' } })
    expect(wrong).toMatchObject({ status: 409, text: expect.stringContaining(secret) })
    const done = await ask('POST', '/enrol/confirm', { form: { code, totp: codeAt(secret) } })
    const codes = done.text.match(/[A-Z2-7]{4}(-[A-Z2-7]{4}){3}/g) ?? []
    expect(new Set(codes).size).toBe(10)
    // The code of the enrolment is used, so the next one signs in; a recovery code does once.
    expect(await tried('ani', NEW_PASSWORD, codeAt(secret))).toBe(401)
    expect(await tried('ani', NEW_PASSWORD, codeAt(secret, 1))).toBe(303)
    expect(await tried('ani', NEW_PASSWORD, codes[0]?.toLowerCase().replaceAll('-', ' ') ?? '')).toBe(303)
    expect(await tried('ani', NEW_PASSWORD, codes[0] ?? '')).toBe(401)
    const stored = await sql<{ text: string }>(url, 'SELECT f::text AS text FROM operator_factors f')
    for (const hidden of [secret, NEW_PASSWORD, code, codes[1] ?? ''])
      expect(JSON.stringify(stored)).not.toContain(hidden)
    await forgetThrottles()
  })

  it('is good once, for a day, and for nobody whose code is not known', async () => {
    const { totpSecret } = await enrolled(url, place.budi)
    const [row] = await sql<{ hash: string }>(url, 'SELECT code_hash AS hash FROM operator_factors LIMIT 1')
    for (const forged of [`gpi_${'A'.repeat(43)}`, `gpi_${row?.hash.slice(0, 43)}`, row?.hash ?? '', "'"])
      expect((await ask('GET', `/enrol?code=${encodeURIComponent(forged)}`)).status, forged).toBe(409)
    const code = await invited(url, place.budi)
    // The password before ended with the new invitation.
    await forgetSteps(url)
    expect(await tried('budi', NEW_PASSWORD, codeAt(totpSecret))).toBe(401)
    await sql(url, 'UPDATE operator_factors SET code_ends_at = now() WHERE enrolled_at IS NULL')
    const form = { code, password: NEW_PASSWORD, again: NEW_PASSWORD }
    expect(await ask('POST', '/enrol', { form })).toMatchObject({
      status: 409,
      text: expect.stringContaining('24 hours'),
    })
    const second = await invited(url, place.budi)
    expect((await ask('POST', '/enrol', { form })).text).toContain('revoked')
    const begun = await ask('POST', '/enrol', { form: { ...form, code: second } })
    const [, secret = ''] = /secret=([A-Z2-7]{32})/.exec(begun.text) ?? []
    const ends = { form: { code: second, totp: codeAt(secret) } }
    const both = await Promise.all([ask('POST', '/enrol/confirm', ends), ask('POST', '/enrol/confirm', ends)])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409])
    expect((await ask('POST', '/enrol', { form: { ...form, code: second } })).text).toContain('was used')
    await forgetThrottles()
  })

  it.each([
    ['short', 'too short', 'kata sandi'],
    ['uniform', 'too short', 'aaaaaaaaaaaaaaaa'],
    ['the name', 'your name', 'veraVERAvera1'],
    ['of 258 letters', 'at most 256', 'a1B2c3'.repeat(43)],
  ])('takes no password that is %s', async (_what, why, password) => {
    const code = await invited(url, place.vera)
    const reply = await ask('POST', '/enrol', { form: { code, password, again: password } })
    expect(reply).toMatchObject({ status: 409, text: expect.stringContaining(why) })
  })
})

describe('a sign-in', () => {
  it('hashes a password for names that nobody has too, and none that is too long', async () => {
    const hashed: string[] = []
    const people = operatorPeople(sessionDatabase(url), consoleKeys, CHEAP, async (password, salt) => {
      hashed.push(salt.scrypt)
      return await passwordKey(password, salt)
    })
    const open = (name: string, password: string) =>
      people.openByPassword({ name, password, code: '123456' }, '0'.repeat(64))
    expect(await open('nobody', NEW_PASSWORD)).toEqual(await open('ani', 'not her password'))
    expect(hashed).toEqual([hashed[0], hashed[0]])
    expect(await open('ani', 'x'.repeat(1024 * 1024))).toEqual({ is: 'refused' })
    expect(hashed.length).toBe(2)
    const huge = await ask('POST', '/sign-in', { form: { name: 'ani', password: 'x'.repeat(1024 * 1024) } })
    expect(huge.status).toBe(413)
  })

  it('takes a TOTP code once, also when two ask at once, and a password in either form of Unicode', async () => {
    const { totpSecret } = await enrolled(url, place.cici)
    await forgetSteps(url)
    const code = codeAt(totpSecret)
    const both = await Promise.all([tried('cici', NEW_PASSWORD, code), tried('cici', NEW_PASSWORD, code)])
    expect(both.sort()).toEqual([303, 401])
    for (const old of [codeAt(totpSecret, -1), codeAt(totpSecret, -3), codeAt(totpSecret, 3)])
      expect(await tried('cici', NEW_PASSWORD, old)).toBe(401)
    await forgetSteps(url)
    expect(await tried('cici', 'empat kata yang acaK', codeAt(totpSecret))).toBe(401)
    // A wrong password uses no code up.
    expect(await tried('cici', NEW_PASSWORD, codeAt(totpSecret))).toBe(303)
    const salt = { salt: '00', scrypt: 'ln=4,r=8,p=1' }
    expect(await passwordKey('caf\u00e9', salt)).toBe(await passwordKey('cafe\u0301', salt))
    await forgetThrottles()
  })

  it('is none by a token, or by the hash of a password', async () => {
    expect(await tried('ani', place.ani.token, '')).toBe(401)
    const [row] = await sql<{ hash: string }>(
      url,
      'SELECT key_hash AS hash FROM operator_factors WHERE key_hash IS NOT NULL LIMIT 1',
    )
    expect(await tried('ani', row?.hash ?? '', '123456')).toBe(401)
    await forgetThrottles()
  })

  it('makes a name wait after failures, and then also with the right code', async () => {
    const { totpSecret } = await enrolled(url, place.cici)
    for (let failure = 0; failure < 6; failure++) await tried('cici', 'wrong password', '123456')
    await forgetSteps(url)
    expect(await tried('cici', NEW_PASSWORD, codeAt(totpSecret))).toBe(429)
    await forgetThrottles()
  })
})

describe('a session', () => {
  it('proves the operator to Postgres in each command, and is worth nothing once it has ended', async () => {
    const { totpSecret } = await enrolled(url, place.ani)
    const id = await anAccepted(stores)
    const as = await signedIn('ani', totpSecret)
    const action = `/orders/${id}/hold`
    const page = await ask('GET', `/orders/${id}`, { as })
    const form = { seen: seenIn(page.text, action), note: 'asked by phone' }
    expect((await ask('POST', action, { as, form })).status).toBe(303)
    const [act] = await sql(
      url,
      `SELECT a.name, a.proof, session_prefix = left(s.id, 12) AS is_its FROM operator_acts a, operator_sessions s
       WHERE command = 'console ${action}' AND s.id = encode(sha256('${as.split('=')[1]}'), 'hex') LIMIT 1`,
    )
    expect(act).toEqual({ name: 'ani', proof: 'password', is_its: true })
    const credential = `gps_${as.split('=')[1]}`
    const acts = (token: string) =>
      sql<{ name: string | null }>(url, `SELECT act_as_operator('${token}', NULL) AS name`)
    expect(await acts(credential)).toEqual([{ name: 'ani' }])
    const [row] = await sql<{ id: string }>(url, 'SELECT id FROM operator_sessions ORDER BY created_at DESC')
    expect(await acts(`gps_${row?.id}`)).toEqual([{ name: null }])
    // A new sign-in in the same browser ends the one before.
    await forgetSteps(url)
    const again = { name: 'ani', password: NEW_PASSWORD, code: codeAt(totpSecret) }
    expect((await ask('POST', '/sign-in', { as, form: again })).status).toBe(303)
    expect(await acts(credential)).toEqual([{ name: null }])
    expect((await ask('GET', '/', { as })).status).toBe(303)
  })

  it('ends in Postgres when it is idle and at its end, and not later than twelve hours', async () => {
    const { totpSecret } = await enrolled(url, place.ani)
    for (const change of [`seen_at = now() - interval '31 minutes'`, 'ends_at = now()', 'ended_at = now()']) {
      const as = await signedIn('ani', totpSecret)
      await sql(url, `UPDATE operator_sessions SET ${change} WHERE name = 'ani'`)
      const credential = `gps_${as.split('=')[1]}`
      expect(await sql(url, `SELECT act_as_operator('${credential}', NULL) AS name`)).toEqual([
        { name: null },
      ])
    }
    const [row] = await sql(
      url,
      `SELECT max(ends_at - created_at) <= interval '12 hours 1 second' AS is_bounded FROM operator_sessions`,
    )
    expect(row).toEqual({ is_bounded: true })
  })

  it('has the roles of now, and ends at once with its operator or what they signed in by', async () => {
    const dewi = await operatorBy(url, place.adi, 'dewi', ['maker'])
    const { totpSecret } = await enrolled(url, dewi)
    const as = await signedIn('dewi', totpSecret)
    const closes = async () => (await ask('POST', '/switches/close', { as })).status
    expect(await closes()).not.toBe(403)
    await inSession(url, (session) => setRoles(session, place.adi, 'dewi', ['viewer']))
    expect(await closes()).toBe(403)
    await inSession(url, (session) => revokeSignIn(session, dewi, 'dewi'))
    expect((await ask('GET', '/', { as })).status).toBe(303)
    const next = await signedIn('dewi', (await enrolled(url, place.adi, 'dewi')).totpSecret)
    expect((await ask('GET', '/', { as: next })).status).toBe(200)
    await inSession(url, (session) => disableOperator(session, place.adi, 'dewi'))
    expect((await ask('GET', '/', { as: next })).status).toBe(303)
    await expect(invited(url, place.adi, 'dewi')).rejects.toThrow('no enabled operator')
  })
})

describe('whoever has the program’s connection and not the console’s secret', () => {
  it('opens no session, not with a password either, and sets none', async () => {
    const { totpSecret } = await enrolled(url, place.ani)
    await forgetSteps(url)
    const [stored] = await sql<{ salt: string; scrypt: string }>(
      url,
      `SELECT salt, scrypt FROM operator_factors f JOIN operators o ON o.id = f.operator_id
       WHERE o.name = 'ani' AND f.revoked_at IS NULL`,
    )
    const key = await passwordKey(NEW_PASSWORD, stored ?? { salt: '', scrypt: '' })
    const open = (name: string, passwordKeyed: string, consoleKey: string) =>
      sql(
        url,
        `SELECT name FROM sign_in_by_password('${name}', '${passwordKeyed}', floor(extract(epoch FROM now()) / 30)::bigint, '',
           '${consoleKey}', repeat('a', 64))`,
      )
    expect(await open('ani', key, 'another key')).toEqual([])
    expect(await open('ani', 'another password', consoleKeys.database)).toEqual([])
    expect(await sql(url, `SELECT sign_in_by_account('x', 'y', 'another key', repeat('a', 64))`)).toEqual([])
    expect(await refusedBy(url, `SELECT open_declared_session('ani', repeat('a', 64))`)).toBe(
      'operator_proven',
    )
    const acting = [
      `invite_operator('ani', repeat('a', 64), 'x')`,
      `link_account('ani', 'x', 'y', 'x')`,
      `confirm_sign_in('ani', 'x', 'x')`,
      `revoke_sign_in('ani', 'x')`,
    ]
    for (const call of acting) {
      expect(await refusedBy(url, `SELECT ${call}`), call).toBe('operator_proven')
      expect(await refusedBy(url, `SELECT ${call}`, place.budi), call).toBe('operator_role')
    }
    expect(await tried('ani', NEW_PASSWORD, codeAt(totpSecret))).toBe(303)
  })
})

// The last one: from here on there are two admins.
describe('once there are two admins', () => {
  it('what one invites another person to waits for somebody else, who asks for the mark', async () => {
    const wati = await operatorBy(url, place.adi, 'wati', ['admin'])
    const { totpSecret, mark } = await enrolled(url, place.adi, 'budi')
    await forgetSteps(url)
    const signing = { form: { name: 'budi', password: NEW_PASSWORD, code: codeAt(totpSecret) } }
    const waiting = await ask('POST', '/sign-in', signing)
    expect(waiting).toMatchObject({ status: 403, text: expect.stringContaining(mark) })
    expect(waiting.headers.get('set-cookie')).toBeNull()
    const confirmed = (by: typeof wati, said: string) =>
      inSession(url, (session) => confirmSignIn(session, by, 'budi', said))
    expect(await confirmed(place.adi, mark)).toMatchObject({ is: 'refused' })
    const confirms = `SELECT confirm_sign_in('budi', '${mark}', 'x')`
    expect(await refusedBy(url, confirms, place.adi)).toBe('operator_sign_in_confirmed')
    const invites = `SELECT invite_operator('nobody', repeat('a', 64), 'x')`
    expect(await refusedBy(url, invites, wati)).toBe('operator_enabled')
    expect(await confirmed(place.ani, mark)).toMatchObject({ is: 'refused' })
    expect(await confirmed(wati, '0000-0000-0000')).toMatchObject({ is: 'refused' })
    expect(await confirmed(wati, mark)).toMatchObject({ is: 'done' })
    expect(await signedIn('budi', totpSecret)).toContain('goldpro-session=')
    // The own invitation needs nobody else; the own token confirms an admin's.
    expect(await signedIn('budi', (await enrolled(url, place.budi)).totpSecret)).toContain('goldpro-session=')
    const again = await enrolled(url, wati, 'budi')
    expect(await confirmed(place.budi, again.mark)).toMatchObject({ is: 'done' })
    // A viewer's waits once the viewer is more.
    const viewer = await enrolled(url, wati, 'vera')
    expect(await signedIn('vera', viewer.totpSecret)).toContain('goldpro-session=')
  })
})
