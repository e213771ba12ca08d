import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { approveBatch, runBatch } from '../../src/batches/commands.ts'
import { createBatch } from '../../src/batches/create.ts'
import { databaseOf, sessionOf } from '../../src/operators/acting.ts'
import { disableOperator, enableOperator, setRoles } from '../../src/operators/admin/commands.ts'
import type { Person } from '../../src/operators/person-commands.ts'
import { addPartnerWithKey } from '../../src/partners/commands.ts'
import {
  approveDeclaration,
  proposeDeclaration,
  revokeDeclaration,
} from '../../src/reconciliation/declarations.ts'
import { operatorBy, type ProvenPerson, provenPeople, refusedBy } from '../support/factories/operators.ts'
import { peopleOf } from '../support/factories/people.ts'
import { anOrderIn, openStores } from '../support/factories/stored-orders.ts'
import { inSession, sql } from '../support/servers/sessions.ts'

let place: Awaited<ReturnType<typeof provenPeople>>
let url: string
let stores: ReturnType<typeof openStores>
beforeAll(async () => {
  place = await provenPeople()
  url = place.databaseUrl
  stores = openStores(url, 2)
})
afterAll(async () => {
  await stores?.database.close()
  await place?.drop()
})

const declare = (person: Person, source: string) =>
  inSession(url, (session) => proposeDeclaration(session, { is: 'source', source }, person))
const approve = (person: Person, source: string, alone = false) =>
  inSession(url, (session) => approveDeclaration(session, { is: 'source', source }, person, alone))

describe('a doubt', () => {
  it('is settled by a maker and a checker who have proven who they are', async () => {
    const { ani, budi, cici, vera, adi } = place
    const people = peopleOf(url)
    const orderId = await anOrderIn(stores, 'in_doubt')
    for (const nobody of [vera, budi, adi])
      expect(await people.resolve(orderId, nobody, null)).toMatchObject({
        is: 'refused',
        message: expect.stringContaining('role'),
      })
    expect(await people.resolve(orderId, ani, null)).toMatchObject({ is: 'done' })
    for (const nobody of [ani, vera, adi])
      expect(await people.approveResolution(orderId, nobody)).toMatchObject({ is: 'refused' })
    expect(await people.declineResolution(orderId, cici)).toMatchObject({ is: 'done' })
    // Cici is maker and checker, but not both for one decision.
    expect(await people.resolve(orderId, cici, null)).toMatchObject({ is: 'done' })
    expect(await people.approveResolution(orderId, cici)).toMatchObject({ is: 'refused' })
    expect(await people.approveResolution(orderId, budi)).toMatchObject({ is: 'done', state: 'rejected' })
  })

  it('is not settled by names', async () => {
    const orderId = await anOrderIn(stores, 'in_doubt')
    const people = peopleOf(url)
    for (const by of ['ani', 'budi', 'nobody'])
      expect(await people.resolve(orderId, { by, note: 'only a name' }, null)).toMatchObject({
        is: 'refused',
        message: expect.stringContaining('proves its people'),
      })
    expect(await people.resolve(orderId, { ...place.ani, by: 'cici' }, null)).toMatchObject({
      is: 'refused',
      message: expect.stringContaining("the token is ani's"),
    })
  })

  it('is not settled by plain statements either', async () => {
    const orderId = await anOrderIn(stores, 'in_doubt')
    const insert = (by: string) =>
      `INSERT INTO proposals (order_id, decision, note, facts, proposed_by, state)
       VALUES ('${orderId}', 'order_not_executed', 'x', '{"evidence":"x","executed":null}', '${by}', 'open')`
    expect(await refusedBy(url, insert('ani'))).toBe('operator_proven')
    expect(await refusedBy(url, insert('ani'), place.budi)).toBe('operator_proven')
    expect(await refusedBy(url, insert('budi'), place.budi)).toBe('operator_role')
    expect(await refusedBy(url, insert('ani'), place.ani)).toBeNull()
    const update = (by: string) =>
      `UPDATE proposals SET state = 'approved', decided_by = '${by}', decided_at = now(), decision_note = 'x'
       WHERE order_id = '${orderId}'`
    expect(await refusedBy(url, update('budi'))).toBe('operator_proven')
    expect(await refusedBy(url, update('budi'), place.cici)).toBe('operator_proven')
    expect(await refusedBy(url, update('ani'), place.ani)).toMatch(/operator_role|second_person/)
  })
})

describe('a held order', () => {
  it('is released by a maker only, and never in the name of a program', async () => {
    const orderId = await anOrderIn(stores, 'accepted')
    const move = (state: string, reason: string, actor: string) =>
      `UPDATE orders SET state = '${state}', reason = '${reason}', actor = '${actor}',
         wake_at = CASE WHEN '${state}' = 'accepted' THEN now() END WHERE id = '${orderId}'`
    expect(await refusedBy(url, move('held', 'held_by_person', 'person:vera'), place.vera)).toBe(
      'operator_role',
    )
    expect(await refusedBy(url, move('held', 'held_by_person', 'person:budi'), place.budi)).toBeNull()
    expect(await refusedBy(url, move('accepted', 'released_by_person', 'person:budi'), place.budi)).toBe(
      'operator_role',
    )
    expect(await refusedBy(url, move('accepted', 'released_by_person', 'worker'))).toBe('operator_proven')
    expect(await refusedBy(url, move('accepted', 'released_by_person', 'person:ani'))).toBe('operator_proven')
    expect(await refusedBy(url, move('accepted', 'released_by_person', 'person:ani'), place.ani)).toBeNull()
  })
})

describe('a declaration', () => {
  it('of an operator who was disabled meanwhile is not approved', async () => {
    const joko = await operatorBy(url, place.adi, 'joko', ['maker'])
    expect(await declare(joko, 'gateway')).toMatchObject({ is: 'done' })
    await inSession(url, (session) => disableOperator(session, place.adi, 'joko'))
    expect(await approve(place.budi, 'gateway')).toMatchObject({
      is: 'refused',
      message: expect.stringContaining('disabled by now'),
    })
    const update = `UPDATE proposals SET state = 'approved', decided_by = 'budi', decided_at = now(), decision_note = 'x'
      WHERE source = 'gateway' AND state = 'open'`
    expect(await refusedBy(url, update, place.budi)).toBe('operator_author')
  })

  it('is not approved by an operator who is disabled between the proposal and the approval', async () => {
    const kiki = await operatorBy(url, place.adi, 'kiki', ['checker'])
    expect(await declare(place.ani, 'bank')).toMatchObject({ is: 'done' })
    await inSession(url, (session) => disableOperator(session, place.adi, 'kiki'))
    expect(await approve(kiki, 'bank')).toMatchObject({
      is: 'refused',
      message: expect.stringContaining('not valid'),
    })
  })

  it('is not approved by its maker who became a checker', async () => {
    const lina = await operatorBy(url, place.adi, 'lina', ['maker'])
    expect(await declare(lina, 'letters')).toMatchObject({ is: 'done' })
    await inSession(url, (session) => setRoles(session, place.adi, 'lina', ['checker']))
    expect(await approve(lina, 'letters')).toMatchObject({ is: 'refused' })
    expect(await approve(place.budi, 'letters')).toMatchObject({ is: 'done', alone: false })
  })

  it('is revoked by any one person who is no viewer', async () => {
    const revoke = (person: Person) =>
      inSession(url, (session) => revokeDeclaration(session, { is: 'source', source: 'letters' }, person))
    expect(await revoke(place.vera)).toMatchObject({ is: 'refused' })
    expect(await revoke(place.adi)).toMatchObject({ is: 'done' })
  })

  it('is approved alone in a team of one, by somebody who is both', async () => {
    expect(await declare(place.cici, 'alone')).toMatchObject({ is: 'done' })
    expect(await approve(place.cici, 'alone', true)).toMatchObject({ is: 'done', alone: true })
    expect(await declare(place.ani, 'alone too')).toMatchObject({ is: 'done' })
    expect(await approve(place.ani, 'alone too', true)).toMatchObject({ is: 'refused' })
  })
})

describe('an operator who is disabled at the moment of an approval', () => {
  it('is disabled before it or after it', async () => {
    const maya = await operatorBy(url, place.adi, 'maya', ['checker'])
    for (let round = 0; round < 5; round += 1) {
      const source = `race ${round}`
      expect(await declare(place.ani, source)).toMatchObject({ is: 'done' })
      const [approved, disabled] = await Promise.all([
        approve(maya, source),
        inSession(url, (session) => disableOperator(session, place.adi, 'maya')),
      ])
      const [row] = await sql<{ late: boolean }>(
        url,
        `SELECT p.decided_at > o.disabled_at AS late FROM proposals p, operators o
         WHERE p.source = $1 AND p.state = 'approved' AND o.name = 'maya'`,
        [source],
      )
      expect(row?.late ?? false, `${approved.is} ${disabled.is}`).toBe(false)
      expect(approved.is === 'done').toBe(row !== undefined)
      if (approved.is === 'done') break
      await inSession(url, (session) => enableOperator(session, place.adi, 'maya'))
    }
  })
})

describe('a batch', () => {
  const file = (reference: string) =>
    Readable.from([
      Buffer.from(`kind,partner,reference,phone_number,amount\nbuy,acme,${reference},081234500001,50000\n`),
    ])
  const create = (person: ProvenPerson, reference: string) =>
    inSession(url, (session) =>
      createBatch(sessionOf(session, person), file(reference), {
        fileName: 'x.csv',
        partner: null,
        by: person.by,
      }),
    )
  const approveBy = (person: ProvenPerson, batchId: number) =>
    inSession(url, (session) => approveBatch(sessionOf(session, person), batchId, person, false))

  it('is created by a maker, approved by a checker and run by a maker', async () => {
    const created = await create(place.ani, 'B-1')
    if (created.is !== 'created') throw new Error(created.is)
    const { batchId } = created
    await expect(create(place.budi, 'B-2')).rejects.toThrow('role')
    await expect(approveBy(place.vera, batchId)).rejects.toThrow('role')
    expect(await approveBy(place.ani, batchId)).toMatchObject({ is: 'refused', why: 'second_person' })
    expect(await approveBy(place.budi, batchId)).toMatchObject({ is: 'done', alone: false })
    const run = { at: null, ratePerSecond: 1, stopAfter: null }
    const runBy = (person: ProvenPerson) =>
      inSession(url, (session) => runBatch(sessionOf(session, person), batchId, run, person))
    await expect(runBy(place.budi)).rejects.toThrow('role')
    expect(await runBy(place.ani)).toMatchObject({ is: 'done' })
  })

  it('is not approved under the name of a partner’s holder, nor for a creator who is disabled', async () => {
    const nina = await operatorBy(url, place.adi, 'nina', ['maker'])
    const created = await create(nina, 'B-3')
    if (created.is !== 'created') throw new Error(created.is)
    const approving = (by: string, actor: string) =>
      `UPDATE batches SET state = 'approved', reason = 'approved_by_person', actor = '${actor}', approved_by = '${by}',
         approved_at = now(), alone = false WHERE id = ${created.batchId}`
    expect(await refusedBy(url, approving('acme/finance', 'partner:acme/finance'))).toBe('operator_proven')
    expect(await refusedBy(url, approving('budi', 'worker'))).toBe('operator_proven')
    expect(await refusedBy(url, approving('budi', 'person:budi'))).toBe('operator_proven')
    await inSession(url, (session) => disableOperator(session, place.adi, 'nina'))
    expect(await refusedBy(url, approving('budi', 'person:budi'), place.budi)).toBe('operator_author')
  })
})

describe('a partner', () => {
  it('is added by an admin', async () => {
    const addBy = (person: ProvenPerson) =>
      addPartnerWithKey(
        'shop',
        { scopes: ['orders:read'], isSigned: false },
        { database: databaseOf(stores.database, person), random: randomBytes, actor: `person:${person.by}` },
      )
    await expect(addBy(place.ani)).rejects.toThrow('role')
    expect(await addBy(place.adi)).toMatchObject({ is: 'done' })
    expect(await refusedBy(url, `UPDATE partners SET state = 'suspended', actor = 'person:adi'`)).toBe(
      'operator_proven',
    )
    expect(
      await refusedBy(url, `UPDATE partners SET state = 'suspended', actor = 'person:budi'`, place.budi),
    ).toBeNull()
    expect(
      await refusedBy(url, `UPDATE partners SET state = 'active', actor = 'person:budi'`, place.budi),
    ).toBe('operator_role')
  })
})

describe('an operator', () => {
  it.each([
    ['operator_identity', `UPDATE operators SET name = 'bona', actor = 'person:adi' WHERE name = 'budi'`],
    [
      'operator_own_roles',
      `UPDATE operators SET roles = '{admin,checker}', actor = 'person:adi' WHERE name = 'adi'`,
    ],
    [
      'operator_last_admin',
      `UPDATE operators SET disabled_at = now(), actor = 'person:adi' WHERE name = 'adi'`,
    ],
    [
      'operator_token_transition',
      `UPDATE operator_tokens SET secret_hash = repeat('0', 64), actor = 'person:adi'`,
    ],
    [
      'operators_one_person',
      `INSERT INTO operators (name, roles, actor) VALUES ('Budi', '{viewer}', 'person:adi')`,
    ],
  ])('is kept by %s', async (constraint, statement) => {
    expect(await refusedBy(url, statement, place.adi)).toBe(constraint)
  })
})
