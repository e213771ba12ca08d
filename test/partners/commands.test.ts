import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SCOPES } from '../../src/core/scopes.ts'
import { addHolderKey, addPartnerWithKey, rotateKey } from '../../src/partners/commands.ts'
import { findValidKeys, listKeys, revokeKeys } from '../../src/partners/store/keys.ts'
import { setLimits, setState } from '../../src/partners/store/partners.ts'
import { type Database, openDatabase } from '../../src/postgres/pool.ts'
import { constraintOf } from '../support/constraint.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'
import { sql } from '../support/servers/sessions.ts'
import { unnamed } from '../support/unnamed.ts'

let place: TestDatabase
let database: Database
beforeAll(async () => {
  place = await createTestDatabase()
  database = openDatabase({ databaseUrl: place.databaseUrl, maxConnections: 4, onError: () => {} })
})
afterAll(async () => {
  await database.close()
  await place.drop()
})

const actor = 'person:test'
const run = (text: string, values: unknown[] = []) => sql<never>(place.databaseUrl, text, values)
const deps = () => ({ database, random: randomBytes, actor })

const findValidKey = async (pool: Database, prefix: string) => (await findValidKeys(pool, [prefix]))[0]

async function add(name: string) {
  const answer = await addPartnerWithKey(name, { scopes: SCOPES, isSigned: false }, deps())
  if (answer.is !== 'done') throw new Error(answer.message)
  return answer.key
}

async function eventsOf(partner: string) {
  const rows = await database.run<{ event: string; actor: string; detail: Record<string, unknown> }>(
    unnamed('SELECT event, actor, detail FROM partner_events WHERE partner = $1 ORDER BY id'),
    [partner],
  )
  return rows
}

describe('the keys of a partner', () => {
  it('are found by prefix until they are revoked, and their secret is nowhere in the database', async () => {
    const { key, prefix } = await add('a1')
    expect(await findValidKey(database, prefix)).toMatchObject({
      name: 'a1',
      scopes: SCOPES,
      state: 'active',
    })
    const stored = JSON.stringify([
      await run('SELECT * FROM partner_keys'),
      await run('SELECT * FROM partner_events'),
    ])
    expect(stored).not.toContain(key)
    expect(stored).not.toContain(key.slice('gp_'.length + prefix.length + 1))
    expect(await revokeKeys(database, 'a1', prefix, actor)).toEqual([prefix])
    expect(await findValidKey(database, prefix)).toBeNull()
    expect(await revokeKeys(database, 'a1', prefix, actor)).toEqual([])
  })

  it('are two during a rotation and never three, also when rotated many times at once', async () => {
    const first = await add('a2')
    const answers = await Promise.all(Array.from({ length: 5 }, () => rotateKey('a2', 'main', 60, deps())))
    expect(answers.filter(({ is }) => is === 'done')).toHaveLength(1)
    expect(answers.find(({ is }) => is === 'refused')).toMatchObject({ message: /two valid keys/ })
    const keys = await listKeys(database, 'a2')
    expect(keys.filter(({ isValid }) => isValid)).toHaveLength(2)
    expect(keys.find(({ prefix }) => prefix === first.prefix)?.expiresAt).not.toBeNull()
    expect(await findValidKey(database, first.prefix)).not.toBeNull()
  })

  it('end at once when the overlap is nothing, and keep scopes and signing', async () => {
    const answer = await addPartnerWithKey('a3', { scopes: ['orders:read'], isSigned: true }, deps())
    if (answer.is !== 'done') throw new Error(answer.message)
    const next = await rotateKey('a3', 'main', 0, deps())
    expect(await findValidKey(database, answer.key.prefix)).toBeNull()
    expect(next).toMatchObject({ is: 'done', key: { scopes: ['orders:read'] } })
    if (next.is === 'done') {
      expect(next.key.signingSecret).not.toBeNull()
      expect(next.key.signingSecret).not.toBe(answer.key.signingSecret)
    }
  })

  it('are handed out to no name twice, and rotated for none that is not there', async () => {
    await add('a4')
    expect(await addPartnerWithKey('a4', { scopes: SCOPES, isSigned: false }, deps())).toMatchObject({
      is: 'refused',
    })
    expect(await rotateKey('nobody', 'main', 1, deps())).toMatchObject({
      is: 'refused',
      message: /no partner/,
    })
  })
})

describe('the holders of keys', () => {
  const prefixesOf = async (partner: string, holder: string) =>
    (await listKeys(database, partner)).filter((key) => key.holder === holder && key.isValid).length
  const grant = { scopes: ['approve' as const], isSigned: false }

  it('have each their own rights, and each their own two keys during a rotation', async () => {
    await add('h1')
    const finance = await addHolderKey('h1', 'finance', grant, deps())
    expect(finance).toMatchObject({ is: 'done', key: { holder: 'finance', scopes: ['approve'] } })
    const rotated = await rotateKey('h1', 'finance', 60, deps())
    expect(rotated).toMatchObject({ is: 'done', key: { holder: 'finance', scopes: ['approve'] } })
    expect(await rotateKey('h1', 'finance', 60, deps())).toMatchObject({ message: /two valid keys/ })
    expect(await rotateKey('h1', 'main', 60, deps())).toMatchObject({
      is: 'done',
      key: { scopes: SCOPES },
    })
    expect([await prefixesOf('h1', 'main'), await prefixesOf('h1', 'finance')]).toEqual([2, 2])
    const keys = await listKeys(database, 'h1')
    expect(keys.filter(({ expiresAt }) => expiresAt === null)).toHaveLength(2)
    const events = await eventsOf('h1')
    expect(events.at(-1)).toMatchObject({ event: 'key_expires', detail: { holder: 'main' } })
  })

  it('are first the one that was named, else main', async () => {
    await addPartnerWithKey('h2', { holder: 'erp', ...grant }, deps())
    expect(await prefixesOf('h2', 'erp')).toBe(1)
    expect(await rotateKey('h2', 'main', 1, deps())).toMatchObject({ message: 'h2 has no holder main' })
  })

  it('get no second key but by rotation, also when asked for many times at once', async () => {
    await add('h3')
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => addHolderKey('h3', 'finance', grant, deps())),
    )
    expect(answers.filter(({ is }) => is === 'done')).toHaveLength(1)
    expect(await addHolderKey('h3', 'main', grant, deps())).toMatchObject({ message: /rotate it instead/ })
    expect(await addHolderKey('nobody', 'main', grant, deps())).toMatchObject({ message: /no partner/ })
  })

  it('get no rights by rotation that were revoked: those of the newest key that was not', async () => {
    await add('h4')
    await rotateKey('h4', 'main', 0, deps())
    const { prefix } = (await listKeys(database, 'h4')).find(({ isValid }) => isValid) ?? { prefix: '' }
    await revokeKeys(database, 'h4', prefix, actor)
    // The first has expired, which is no reason to take its rights away.
    expect(await rotateKey('h4', 'main', 0, deps())).toMatchObject({ is: 'done', key: { scopes: SCOPES } })
    await revokeKeys(database, 'h4', null, actor)
    expect(await rotateKey('h4', 'main', 0, deps())).toMatchObject({
      is: 'refused',
      message: /every key of .* is revoked/,
    })
    expect(await prefixesOf('h4', 'main')).toBe(0)
    const given = await addHolderKey('h4', 'main', grant, deps())
    expect(given).toMatchObject({ is: 'done', key: { scopes: ['approve'] } })
  })

  it('are at most twenty of a partner with valid keys', async () => {
    await add('h5')
    for (let n = 1; n < 20; n += 1)
      expect(await addHolderKey('h5', `holder-${n}`, grant, deps())).toMatchObject({ is: 'done' })
    expect(await addHolderKey('h5', 'one-more', grant, deps())).toMatchObject({
      message: /twenty holders/,
    })
    expect(await rotateKey('h5', 'holder-1', 5, deps())).toMatchObject({ is: 'done' })
    const another = run(
      `INSERT INTO partner_keys SELECT (jsonb_populate_record(k, '{"prefix":"another","holder":"one-more"}')).*
       FROM partner_keys k WHERE partner = 'h5' AND holder = 'holder-2'`,
    )
    expect(await constraintOf(another)).toBe('partner_has_many_holders')
  })
})

describe('what happened to a partner', () => {
  it('is kept as events without secrets, by whom and to what', async () => {
    const { prefix } = await add('e1')
    expect(await setLimits(database, 'e1', { orders_per_minute: 5, kinds: ['buy'] }, 'person:ani')).toBe(true)
    expect(await setLimits(database, 'e1', { orders_per_minute: null }, 'person:ani')).toBe(true)
    expect(await setState(database, 'e1', 'suspended', actor)).toBe(true)
    expect(await setState(database, 'e1', 'suspended', actor)).toBe(false)
    expect(await setState(database, 'e1', 'active', actor)).toBe(true)
    await rotateKey('e1', 'main', 10, deps())
    await revokeKeys(database, 'e1', prefix, actor)
    const events = await eventsOf('e1')
    expect(events.map(({ event }) => event)).toEqual([
      'added',
      'key_added',
      'limits_set',
      'limits_set',
      'suspended',
      'resumed',
      'key_added',
      'key_expires',
      'key_revoked',
    ])
    expect(events[2]).toMatchObject({ actor: 'person:ani', detail: { orders_per_minute: 5, kinds: ['buy'] } })
    expect(events[3]).toMatchObject({ detail: { orders_per_minute: null, kinds: ['buy'] } })
    expect(JSON.stringify(events)).not.toContain('hash')
  })

  it.each([
    ['deletes a partner', 'DELETE FROM partners', 'append_only'],
    ['deletes a key', 'DELETE FROM partner_keys', 'append_only'],
    ['changes an event', `UPDATE partner_events SET actor = 'x'`, 'append_only'],
    ['deletes events', 'TRUNCATE partner_events', 'append_only'],
    ['renames a partner', `UPDATE partners SET name = name || 'x'`, 'partner_identity'],
    ['gives a key other scopes', `UPDATE partner_keys SET scopes = '{admin}'`, 'partner_key_transition'],
    [
      'gives a key another hash',
      `UPDATE partner_keys SET secret_hash = repeat('0', 64)`,
      'partner_key_transition',
    ],
    ['gives a key to another holder', `UPDATE partner_keys SET holder = 'other'`, 'partner_key_transition'],
    ['takes a revocation back', 'UPDATE partner_keys SET revoked_at = NULL', 'partner_key_transition'],
    [
      'lets an ended key live on',
      `UPDATE partner_keys SET expires_at = 'infinity' WHERE expires_at IS NOT NULL`,
      'partner_key_transition',
    ],
    ['limits to nothing', 'UPDATE partners SET orders_per_minute = 0', 'partners_limits'],
  ])('is not changed by whoever %s', async (_what, text, constraint) => {
    expect(await constraintOf(run(text))).toBe(constraint)
  })

  it('has no third key that is valid, whoever adds it', async () => {
    await add('e3')
    await rotateKey('e3', 'main', 10, deps())
    const third = run(
      `INSERT INTO partner_keys SELECT (jsonb_populate_record(k, '{"prefix":"third","secret_hash":"${'0'.repeat(64)}"}')).*
       FROM partner_keys k WHERE partner = 'e3' AND expires_at IS NULL`,
    )
    expect(await constraintOf(third)).toBe('partner_has_two_keys')
  })
})
