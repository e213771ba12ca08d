import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findValidKeys, listKeys, revokeKeys, setLimits, setState } from '../../src/db/partner-store.ts'
import { type Database, openDatabase } from '../../src/db/pool.ts'
import { addPartnerWithKey, rotateKey } from '../../src/partners/keys.ts'
import { SCOPES } from '../../src/partners/words.ts'
import { constraintOf } from '../support/constraint.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

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
const run = (text: string, values: unknown[] = []) => database.run<never>({ name: '', text }, values)
const effects = () => ({ database, random: randomBytes, actor })

const findValidKey = async (pool: Database, prefix: string) => (await findValidKeys(pool, [prefix]))[0]

async function add(name: string) {
  const answer = await addPartnerWithKey(name, { scopes: SCOPES, isSigned: false }, effects())
  if (answer.is !== 'done') throw new Error(answer.because)
  return answer.key
}

async function eventsOf(partner: string) {
  const rows = await database.run<{ event: string; actor: string; detail: Record<string, unknown> }>(
    { name: '', text: 'SELECT event, actor, detail FROM partner_events WHERE partner = $1 ORDER BY id' },
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
    expect(stored).not.toContain(key.split('_')[2])
    expect(await revokeKeys(database, 'a1', prefix, actor)).toEqual([prefix])
    expect(await findValidKey(database, prefix)).toBeNull()
    expect(await revokeKeys(database, 'a1', prefix, actor)).toEqual([])
  })

  it('are two during a rotation and never three, also when rotated many times at once', async () => {
    const first = await add('a2')
    const answers = await Promise.all(Array.from({ length: 5 }, () => rotateKey('a2', 60, effects())))
    expect(answers.filter(({ is }) => is === 'done')).toHaveLength(1)
    expect(answers.find(({ is }) => is === 'refused')).toMatchObject({ because: /two valid keys/ })
    const keys = await listKeys(database, 'a2')
    expect(keys.filter(({ isValid }) => isValid)).toHaveLength(2)
    expect(keys.find(({ prefix }) => prefix === first.prefix)?.expiresAt).not.toBeNull()
    expect(await findValidKey(database, first.prefix)).not.toBeNull()
  })

  it('end at once when the overlap is nothing, and keep scopes and signing', async () => {
    const answer = await addPartnerWithKey('a3', { scopes: ['orders:read'], isSigned: true }, effects())
    if (answer.is !== 'done') throw new Error(answer.because)
    const next = await rotateKey('a3', 0, effects())
    expect(await findValidKey(database, answer.key.prefix)).toBeNull()
    expect(next).toMatchObject({ is: 'done', key: { scopes: ['orders:read'] } })
    if (next.is === 'done') {
      expect(next.key.signingSecret).not.toBeNull()
      expect(next.key.signingSecret).not.toBe(answer.key.signingSecret)
    }
  })

  it('are handed out to no name twice, and rotated for none that is not there', async () => {
    await add('a4')
    expect(await addPartnerWithKey('a4', { scopes: SCOPES, isSigned: false }, effects())).toMatchObject({
      is: 'refused',
    })
    expect(await rotateKey('nobody', 1, effects())).toMatchObject({ is: 'refused', because: /no partner/ })
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
    await rotateKey('e1', 10, effects())
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
    await rotateKey('e3', 10, effects())
    const third = run(
      `INSERT INTO partner_keys SELECT (jsonb_populate_record(k, '{"prefix":"third","secret_hash":"${'0'.repeat(64)}"}')).*
       FROM partner_keys k WHERE partner = 'e3' AND expires_at IS NULL`,
    )
    expect(await constraintOf(third)).toBe('partner_has_two_keys')
  })
})
