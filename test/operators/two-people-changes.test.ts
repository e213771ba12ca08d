import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AnyChangeKind, ChangeKind } from '../../src/approvals/change-kind.ts'
import { approveChange, proposeChange } from '../../src/approvals/commands.ts'
import { databaseOf } from '../../src/operators/acting.ts'
import { CHANGE_SCOPES, RAISE_LIMITS } from '../../src/partners/change-kinds.ts'
import { addHolderKey, addPartnerWithKey } from '../../src/partners/commands.ts'
import { areLimitsRaised } from '../../src/partners/limits-raised.ts'
import { type LimitChange, listPartners, readScopes, setLimits } from '../../src/partners/store/partners.ts'
import { CHANGE_KINDS } from '../../src/processes/change-kinds.ts'
import { CHANGE_ENDPOINT } from '../../src/webhooks/change-kind.ts'
import { listEndpoints } from '../../src/webhooks/endpoints.ts'
import { type ProvenPerson, provenPeople, refusedBy } from '../support/factories/operators.ts'
import { inSession, sessionDatabase, sql } from '../support/servers/sessions.ts'

let place: Awaited<ReturnType<typeof provenPeople>>
let url: string
beforeAll(async () => {
  place = await provenPeople()
  url = place.databaseUrl
  await addPartnerWithKey('acme', { scopes: ['orders:read'], isSigned: false }, depsOf(place.adi))
  expect(await limitBy(place.budi, { orders_per_minute: 10, kinds: ['buy'] })).toBe(true)
})
afterAll(async () => await place?.drop())

const depsOf = (person: ProvenPerson) => ({
  database: databaseOf(sessionDatabase(url), person),
  random: randomBytes,
  actor: `person:${person.by}`,
})
const limitBy = (person: ProvenPerson, limits: LimitChange) =>
  setLimits(databaseOf(sessionDatabase(url), person), 'acme', limits, `person:${person.by}`)
const kinds: readonly AnyChangeKind[] = CHANGE_KINDS

/** Proposed by ani, approved by budi. */
async function byTwo<Payload>(kind: ChangeKind<Payload>, payload: Payload) {
  const proposed = await inSession(url, (session) => proposeChange(session, place.ani, kind, payload))
  if (proposed.is === 'refused') throw new Error(proposed.message)
  const { requestId } = proposed
  const approve = (person: ProvenPerson) =>
    inSession(url, (session) => approveChange(session, person, requestId, { kinds, onePersonTeam: false }))
  for (const nobody of [place.ani, place.vera, place.adi])
    expect(await approve(nobody)).toMatchObject({ is: 'refused' })
  return await approve(place.budi)
}

describe('limits', () => {
  it('are lowered by one person', async () => {
    expect(await limitBy(place.ani, { orders_per_minute: 5 })).toBe(true)
    expect(await limitBy(place.adi, { rupiah_per_day: '1000000' })).toBe(true)
  })

  it.each([
    { orders_per_minute: 6 },
    { orders_per_minute: null },
    { rupiah_per_day: '1000001' },
    { rupiah_per_day: null },
    { kinds: ['buy', 'sell'] },
    { kinds: null },
  ] satisfies LimitChange[])('are raised by two: %j', async (limits) => {
    const [current] = await listPartners(sessionDatabase(url), 'acme')
    if (current === undefined) throw new Error('no partner')
    expect(areLimitsRaised(current, limits)).toBe(true)
    for (const person of [place.ani, place.budi, place.adi, place.cici])
      await expect(limitBy(person, limits)).rejects.toThrow('two people raise a limit')
  })

  it('are raised once a checker has approved', async () => {
    const limits = { orders_per_minute: 60, kinds: null }
    expect(await byTwo(RAISE_LIMITS, { partner: 'acme', limits })).toEqual({ is: 'done', alone: false })
    const [current] = await listPartners(sessionDatabase(url), 'acme')
    expect(current).toMatchObject({ ordersPerMinute: 60, kinds: null })
    const again = `UPDATE partners SET orders_per_minute = 90, actor = 'person:budi' WHERE name = 'acme'`
    expect(await refusedBy(url, again, place.budi)).toBe('partner_limits_approved')
  })
})

describe('scopes', () => {
  const grant = { scopes: ['approve'], isSigned: false } as const

  it('are those of the first key until two people give more', async () => {
    expect(await readScopes(sessionDatabase(url), 'acme')).toEqual(['orders:read'])
    await expect(addHolderKey('acme', 'finance', grant, depsOf(place.adi))).rejects.toThrow('two people')
    const update = `UPDATE partners SET scopes = '{approve}', actor = 'person:adi' WHERE name = 'acme'`
    expect(await refusedBy(url, update, place.adi)).toBe('partner_scopes_approved')
    const scopes = ['orders:read', 'approve'] as const
    expect(await byTwo(CHANGE_SCOPES, { partner: 'acme', scopes })).toMatchObject({ is: 'done' })
    expect(await addHolderKey('acme', 'finance', grant, depsOf(place.adi))).toMatchObject({ is: 'done' })
  })
})

describe('the endpoint of webhooks', () => {
  const endpoint = {
    partner: 'acme',
    url: 'https://acme.example/goldpro?key=secret',
    kinds: ['order.succeeded'],
  }

  it('is added by two people, and its description has no password of the URL', async () => {
    expect(CHANGE_ENDPOINT.describe(endpoint)).not.toContain('secret')
    expect(await byTwo(CHANGE_ENDPOINT, endpoint)).toMatchObject({ is: 'done' })
    const [added] = await listEndpoints(sessionDatabase(url), { partner: 'acme', removedToo: false })
    expect(added).toMatchObject({ url: endpoint.url, createdBy: 'budi' })
  })

  it.each([
    [
      'webhook_endpoint_approved',
      `INSERT INTO webhook_endpoints (partner, url, kinds, secret, created_by)
       VALUES ('acme', 'https://evil.example', '{order.succeeded}', 'x', 'budi')`,
    ],
    ['webhook_endpoint_approved', `UPDATE webhook_endpoints SET url = 'https://evil.example'`],
    ['operator_role', `UPDATE webhook_endpoints SET secret = 'mine'`],
  ])('is changed by nobody alone: %s', async (constraint, statement) => {
    expect(await refusedBy(url, statement, place.budi)).toBe(constraint)
  })

  it('is sent again what has ended by a maker, or by a holder of the partner’s own keys', async () => {
    await sql(
      url,
      `INSERT INTO webhook_deliveries (endpoint_id, event_id, state, tries, next_at, ended_at)
       SELECT id, gen_random_uuid(), 'given_up', 1, now(), now() FROM webhook_endpoints WHERE partner = 'acme'`,
    )
    const replay = `UPDATE webhook_deliveries SET state = 'pending', ended_at = null, step = 0, next_at = now()`
    expect(await refusedBy(url, replay)).toBe('operator_proven')
    for (const nobody of [place.vera, place.budi, place.adi])
      expect(await refusedBy(url, replay, nobody)).toBe('operator_role')
    const asHolder = (partner: string) =>
      refusedBy(
        url,
        `WITH acting AS MATERIALIZED (SELECT act_as_holder('${partner}', 'finance') AS name)
        UPDATE webhook_deliveries SET state = 'pending', ended_at = null WHERE (SELECT name FROM acting) IS NOT NULL`,
      )
    expect(await asHolder('other')).toBe('operator_proven')
    expect(await asHolder('acme')).toBeNull()
    await sql(url, `UPDATE webhook_deliveries SET state = 'given_up', ended_at = now()`)
    expect(await refusedBy(url, replay, place.ani)).toBeNull()
  })

  it('is paused and removed by any one person who is no viewer, and resumed by an admin', async () => {
    const pause = `UPDATE webhook_endpoints SET state = 'paused', paused_because = 'person'`
    const resume = `UPDATE webhook_endpoints SET state = 'active', paused_because = null`
    expect(await refusedBy(url, pause)).toBe('operator_proven')
    expect(await refusedBy(url, pause, place.vera)).toBe('operator_role')
    expect(await refusedBy(url, pause, place.ani)).toBeNull()
    expect(await refusedBy(url, resume, place.ani)).toBe('operator_role')
    expect(await refusedBy(url, resume, place.adi)).toBeNull()
  })
})
