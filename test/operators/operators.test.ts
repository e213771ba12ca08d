import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anyChangeKind } from '../../src/approvals/change-kind.ts'
import { approveChange, declineChange } from '../../src/approvals/commands.ts'
import { bootstrap } from '../../src/operators/admin/bootstrap.ts'
import {
  addOperator,
  disableOperator,
  enableOperator,
  rotateToken,
  setRoles,
} from '../../src/operators/admin/commands.ts'
import { GRANT_ROLES, type PublicKey } from '../../src/operators/admin/grant-roles.ts'
import type { Role } from '../../src/operators/enums.ts'
import { declareIdentity, findOperator, readInstallation } from '../../src/operators/identity.ts'
import type { Person } from '../../src/operators/person-commands.ts'
import { type NewToken, newToken } from '../../src/operators/token-format.ts'
import {
  bootstrapped,
  operatorBy,
  type ProvenPerson,
  personWith,
  refusedBy,
} from '../support/factories/operators.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'
import { inSession, sessionDatabase, sql } from '../support/servers/sessions.ts'

let place: TestDatabase
let url: string
let adi: ProvenPerson
beforeAll(async () => {
  place = await createTestDatabase()
  url = place.databaseUrl
})
afterAll(async () => await place?.drop())

const add = (by: Person, name: string, given: readonly Role[], key: PublicKey | null = null) =>
  inSession(url, (session) => addOperator(session, by, { name, roles: given, key }, randomBytes))
const keyOf = ({ prefix, secretHash }: NewToken): PublicKey => ({ prefix, secretHash })
const setRolesBy = (by: Person, name: string, given: readonly Role[]) =>
  inSession(url, (session) => setRoles(session, by, name, given))
const disable = (by: Person, name: string) => inSession(url, (session) => disableOperator(session, by, name))
const whose = (token: string) => findOperator(sessionDatabase(url), token)
const rules = { kinds: [anyChangeKind(GRANT_ROLES)], onePersonTeam: false }
const approve = (by: Person, requestId: number) =>
  inSession(url, (session) => approveChange(session, by, requestId, rules))

describe('the first operator', () => {
  it('ends that names are declared', async () => {
    expect(await readInstallation(sessionDatabase(url))).toMatchObject({ identity: 'declared' })
    adi = await bootstrapped(url)
    expect(await readInstallation(sessionDatabase(url))).toMatchObject({
      identity: 'proven',
      hasOperators: true,
    })
    expect(await whose(adi.token)).toMatchObject({ name: 'adi', roles: ['admin'] })
  })

  it('is made once, and nothing lets names be declared again', async () => {
    const again = await inSession(url, (session) => bootstrap(session, 'eve', ['admin'], randomBytes))
    expect(again).toMatchObject({ is: 'refused', message: expect.stringContaining('operators already') })
    await declareIdentity(sessionDatabase(url))
    expect(await readInstallation(sessionDatabase(url))).toMatchObject({ identity: 'proven' })
    expect(await refusedBy(url, `UPDATE installation SET identity = 'declared'`)).toBe(
      'installation_has_operators',
    )
    const insert = `INSERT INTO operators (name, roles, actor) VALUES ('eve', '{admin}', 'bootstrap')`
    expect(await refusedBy(url, insert)).toBe('operator_bootstrap')
    const token = `INSERT INTO operator_tokens (prefix, operator_id, secret_hash, actor)
      SELECT 'aaaaaaaaaaaa', id, repeat('0', 64), 'bootstrap' FROM operators`
    expect(await refusedBy(url, token)).toBe('operator_proven')
  })
})

describe('a token', () => {
  it('is stored as its hash, which proves nothing', async () => {
    const [row] = await sql<{ secret_hash: string; prefix: string }>(url, 'SELECT * FROM operator_tokens')
    expect(JSON.stringify(row)).not.toContain(adi.token)
    const { secret_hash: hash = '', prefix = '' } = row ?? {}
    for (const stolen of [hash, `gpo_${prefix}_${hash}`, `gpo_${prefix}_${hash.slice(0, 43)}`])
      expect(await whose(stolen)).toBeNull()
    const events = await sql(url, 'SELECT to_jsonb(e) AS event FROM operator_events e')
    expect(events.length).toBeGreaterThan(1)
    expect(JSON.stringify(events)).not.toContain(hash)
  })

  it('is not printed with the person whom it proves', () => {
    const { credential, by, note } = adi
    expect(JSON.stringify({ credential, by, note })).not.toContain(adi.token)
    expect(Object.values({ ...credential })).toEqual([])
  })

  it('ends when its operator rotates it', async () => {
    const dewi = await operatorBy(url, adi, 'dewi', ['viewer'])
    const answer = await inSession(url, (session) => rotateToken(session, dewi, null, null, randomBytes))
    if (answer.is === 'refused' || !answer.granted) throw new Error('refused')
    expect(await whose(dewi.token)).toBeNull()
    expect(await whose(answer.token ?? '')).toMatchObject({ name: 'dewi' })
  })

  it('proves nothing once it has expired', async () => {
    const eka = await operatorBy(url, adi, 'eka', ['viewer'])
    expect(await whose(eka.token)).not.toBeNull()
    await sql(url, 'ALTER TABLE operator_tokens DISABLE TRIGGER operator_tokens_guard')
    await sql(
      url,
      `UPDATE operator_tokens SET expires_at = now() - interval '1 second'
       WHERE operator_id = (SELECT id FROM operators WHERE name = 'eka')`,
    )
    await sql(url, 'ALTER TABLE operator_tokens ENABLE TRIGGER operator_tokens_guard')
    expect(await whose(eka.token)).toBeNull()
    expect(await add(eka, 'gita', ['viewer'])).toMatchObject({
      is: 'refused',
      message: expect.stringContaining('not valid'),
    })
  })
})

describe('an admin alone', () => {
  it('adds operators, each name once in any spelling', async () => {
    const ani = await operatorBy(url, adi, 'ani', ['maker'])
    expect(await whose(ani.token)).toMatchObject({ name: 'ani', roles: ['maker'] })
    for (const name of ['ani', 'ANI', 'Аni'])
      expect(await add(adi, name, ['checker'])).toMatchObject({ is: 'refused' })
    expect(await add(adi, 'acme/finance', ['viewer'])).toMatchObject({
      is: 'refused',
      message: expect.stringContaining('slash'),
    })
  })

  it('is the only one who does', async () => {
    const fajar = await operatorBy(url, adi, 'fajar', ['maker', 'checker'])
    for (const answer of [
      await add(fajar, 'gita', ['viewer']),
      await setRolesBy(fajar, 'ani', ['viewer']),
      await disable(fajar, 'ani'),
      await inSession(url, (session) => rotateToken(session, fajar, 'ani', null, randomBytes)),
    ])
      expect(answer).toMatchObject({ is: 'refused', message: expect.stringContaining('role') })
    expect(await add({ by: 'adi', note: 'only a name' }, 'gita', ['viewer'])).toMatchObject({ is: 'refused' })
    expect(await add({ ...fajar, by: 'adi' }, 'gita', ['viewer'])).toMatchObject({
      is: 'refused',
      message: expect.stringContaining("the token is fajar's"),
    })
  })

  it('does not change their own roles, and stays', async () => {
    expect(await setRolesBy(adi, 'adi', ['admin', 'maker'])).toMatchObject({ is: 'refused' })
    expect(await setRolesBy(adi, 'ADI', ['viewer'])).toMatchObject({ is: 'refused' })
    expect(await disable(adi, 'adi')).toMatchObject({
      is: 'refused',
      message: expect.stringContaining('last admin'),
    })
  })

  it('disables an operator, whose token ends at once', async () => {
    const hadi = await operatorBy(url, adi, 'hadi', ['maker'])
    expect(await disable(adi, 'hadi')).toMatchObject({ is: 'done' })
    expect(await whose(hadi.token)).toBeNull()
    expect(await add(adi, 'hadi', ['maker'])).toMatchObject({ is: 'refused' })
    expect(await inSession(url, (session) => enableOperator(session, adi, 'hadi'))).toMatchObject({
      is: 'done',
    })
    expect(await whose(hadi.token)).toMatchObject({ name: 'hadi' })
    const [row] = await sql<{ events: string[] }>(
      url,
      `SELECT array_agg(event ORDER BY e.id) AS events FROM operator_events e
       JOIN operators o ON o.id = operator_id WHERE name = 'hadi'`,
    )
    expect(row?.events).toEqual(['added', 'token_added', 'disabled', 'enabled'])
  })
})

describe('two admins', () => {
  let berta: ProvenPerson

  it('are both needed for every role but viewer, and neither sees the token', async () => {
    berta = await operatorBy(url, adi, 'berta', ['admin'])
    expect(await add(adi, 'vera', ['viewer'])).toMatchObject({ granted: true, token: expect.any(String) })
    expect(await add(adi, 'joko', ['maker'])).toMatchObject({
      is: 'refused',
      message: expect.stringContaining('login --new'),
    })
    const made = newToken(randomBytes)
    const answer = await add(adi, 'joko', ['maker'], keyOf(made))
    if (answer.is === 'refused' || answer.granted) throw new Error('carried out by one admin')
    expect(await whose(made.token)).toBeNull()
    expect(await approve(adi, answer.requestId)).toMatchObject({ is: 'refused' })
    expect(await approve(berta, answer.requestId)).toEqual({ is: 'done', alone: false })
    expect(await whose(made.token)).toMatchObject({ name: 'joko', roles: ['maker'] })
  })

  it('are both needed for a role more, one for a role less', async () => {
    const more = await setRolesBy(adi, 'joko', ['maker', 'checker'])
    if (more.is === 'refused' || more.granted) throw new Error('carried out by one admin')
    expect(await inSession(url, (session) => declineChange(session, berta, more.requestId))).toEqual({
      is: 'done',
    })
    expect(await setRolesBy(berta, 'joko', ['viewer'])).toMatchObject({ granted: true })
  })

  it.each([
    [
      'operator_grant_approved',
      `INSERT INTO operators (name, roles, actor) VALUES ('puppet', '{checker}', 'person:adi')`,
    ],
    [
      'operator_grant_approved',
      `UPDATE operators SET roles = '{maker}', actor = 'person:adi' WHERE name = 'joko'`,
    ],
    [
      'operator_token_approved',
      `INSERT INTO operator_tokens (prefix, operator_id, secret_hash, actor)
       SELECT 'bbbbbbbbbbbb', id, repeat('0', 64), 'person:adi' FROM operators WHERE name = 'fajar'`,
    ],
  ])('are needed by a plain statement, too: %s', async (constraint, statement) => {
    expect(await refusedBy(url, statement, adi)).toBe(constraint)
  })

  it('are still two when one has just disabled the other', async () => {
    expect(await disable(adi, 'berta')).toMatchObject({ is: 'done' })
    const made = newToken(randomBytes)
    expect(await add(adi, 'puppet', ['checker'], keyOf(made))).toMatchObject({ granted: false })
    expect(await whose(berta.token)).toBeNull()
  })
})

describe('who acts', () => {
  it('is one person a transaction, and cannot be written by hand', async () => {
    expect(await refusedBy(url, `SELECT act_as_operator('${adi.token}', NULL)`, adi)).toBe(
      'operator_acts_xid_at_pk',
    )
    expect(await refusedBy(url, 'DELETE FROM operator_acts')).toBe('append_only')
  })

  it('is nobody in a later transaction of the same session', async () => {
    await sql(url, `SELECT act_as_operator('${adi.token}', NULL)`)
    const disabling = `UPDATE operators SET disabled_at = now(), actor = 'person:adi' WHERE name = 'ani'`
    expect(await refusedBy(url, disabling)).toBe('operator_proven')
  })

  it('is recorded with the token’s prefix and the command', async () => {
    await disable({ ...personWith('adi', adi.token), command: 'operator disable' }, 'ani')
    const [act] = await sql(
      url,
      'SELECT name, proof, command, token_prefix FROM operator_acts ORDER BY at DESC LIMIT 1',
    )
    expect(act).toEqual({
      name: 'adi',
      proof: 'token',
      command: 'operator disable',
      token_prefix: adi.token.slice(4, 16),
    })
  })
})
