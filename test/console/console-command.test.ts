import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { totpCode } from '../../src/console/factors/totp.ts'
import { readKeptSecret } from '../../src/processes/console-key.ts'
import { provenPeople } from '../support/factories/operators.ts'
import { runInProcess } from '../support/in-process.ts'
import { memoryOrDisk } from '../support/memory.ts'
import { sql } from '../support/servers/sessions.ts'

const CONSOLE_SECRET = 'another secret of the console in tests'
const ISSUER = 'https://login.example.id'

let place: Awaited<ReturnType<typeof provenPeople>>
let folder: string
beforeAll(async () => {
  place = await provenPeople()
  folder = await mkdtemp(join(memoryOrDisk(), 'goldpro-console-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await place?.drop()
})

const goldpro = (args: readonly string[], env: Record<string, string> = {}) =>
  runInProcess(args, { env: { DATABASE_URL: place.databaseUrl, ...env }, cwd: folder, input: '' })
const as = (person: { token: string }, args: readonly string[], env = {}) =>
  goldpro(['operator', ...args, '--note', 'a test'], { GOLDPRO_OPERATOR_TOKEN: person.token, ...env })

describe('goldpro console', () => {
  it('starts only with a secret that migrate has let in', async () => {
    expect(await goldpro(['console'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('CONSOLE_SECRET'),
    })
    expect(await goldpro(['console'], { CONSOLE_SECRET })).toMatchObject({
      code: 1,
      err: expect.stringContaining('goldpro migrate'),
    })
    expect((await goldpro(['migrate'])).out).not.toContain('CONSOLE_SECRET')
    expect((await goldpro(['migrate'], { CONSOLE_SECRET })).out).toContain('CONSOLE_SECRET')
    const elsewhere = { CONSOLE_SECRET, CONSOLE_HOST: '203.0.113.1' }
    expect((await goldpro(['console'], elsewhere)).err).toContain('cannot listen')
  })

  it.each([
    ['the issuer alone', { CONSOLE_OIDC_ISSUER: ISSUER }, 'CONSOLE_OIDC_CLIENT_ID'],
    ['a client without its secret', { CONSOLE_OIDC_CLIENT_ID: 'x' }, 'CONSOLE_OIDC_CLIENT_SECRET'],
    [
      'no origin',
      { CONSOLE_OIDC_ISSUER: ISSUER, CONSOLE_OIDC_CLIENT_ID: 'x', CONSOLE_OIDC_CLIENT_SECRET: 'y' },
      'CONSOLE_ORIGIN',
    ],
    ['a provider without TLS', { CONSOLE_OIDC_ISSUER: 'http://login.example.id' }, 'https://'],
    ['no way in', { CONSOLE_OIDC_ONLY: 'true' }, 'CONSOLE_OIDC_ONLY'],
    ['a short secret', { CONSOLE_SECRET: 'short' }, 'CONSOLE_SECRET'],
  ])('does not start with %s', async (_what, env, named) => {
    expect(await goldpro(['console'], { CONSOLE_SECRET, ...env })).toMatchObject({
      code: 2,
      err: expect.stringContaining(named),
    })
  })

  it('of `up` keeps its secret in a file of its own', async () => {
    const secret = await readKeptSecret(folder)
    expect(secret.length).toBeGreaterThan(40)
    expect(await readKeptSecret(folder)).toBe(secret)
    expect(statSync(join(folder, 'console.secret')).mode & 0o777).toBe(0o600)
  })
})

describe('goldpro operator', () => {
  it('invites by an address of the console that is good for one, and revokes it', async () => {
    const env = { CONSOLE_ORIGIN: 'https://ops.example.id' }
    const invited = await as(place.adi, ['invite', 'ani'], env)
    expect(invited.out).toMatch(/^https:\/\/ops\.example\.id\/enrol\?code=gpi_[\w-]{43}\n/)
    expect((await as(place.ani, ['invite'])).out).toMatch(/^code {2}gpi_[\w-]{43}\n/)
    expect(await as(place.ani, ['invite', 'budi'])).toMatchObject({ code: 1 })
    expect((await as(place.adi, ['revoke-sign-in', 'ani'])).out).toContain('ani is signed out')
    const [row] = await sql(
      place.databaseUrl,
      'SELECT count(*)::int AS count FROM operator_factors WHERE revoked_at IS NULL',
    )
    expect(row).toEqual({ count: 0 })
  })

  it('links an account at the configured provider', async () => {
    const linking = ['link-oidc', 'ani', '--subject', '24828']
    expect(await as(place.adi, linking)).toMatchObject({ code: 2 })
    const linked = await as(place.adi, linking, { CONSOLE_OIDC_ISSUER: ISSUER })
    expect(linked.out).toContain(`ani signs in by 24828 at ${ISSUER}`)
    expect(await as(place.adi, ['confirm', 'ani', '24828'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('waits'),
    })
    const events = await sql<{ event: string }>(
      place.databaseUrl,
      `SELECT event FROM operator_events WHERE note = 'a test' ORDER BY id`,
    )
    expect(events.map(({ event }) => event)).toEqual([
      'invited',
      'invited',
      'sign_in_revoked',
      'account_linked',
    ])
  })
})

describe('a TOTP code', () => {
  it('is that of RFC 6238', () => {
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
    const codes = [59, 1_111_111_109, 1_234_567_890, 20_000_000_000].map((seconds) =>
      totpCode(secret, Math.floor(seconds / 30)),
    )
    expect(codes).toEqual(['287082', '081804', '005924', '353130'])
  })
})
