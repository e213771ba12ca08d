import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { anyChangeKind, type ChangeKind } from '../../src/approvals/change-kind.ts'
import { approveChange, declineChange, proposeChange } from '../../src/approvals/commands.ts'
import { differencesFrom } from '../../src/approvals/differences.ts'
import { findRequest, listRequests } from '../../src/approvals/queries.ts'
import { refused } from '../../src/operators/person-commands.ts'
import { type Database, openDatabase } from '../../src/postgres/pool.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'
import { inSession } from '../support/servers/sessions.ts'
import { unnamed } from '../support/unnamed.ts'

const ANI = { by: 'ani', note: 'the gateway is mended' }
const BUDI = { by: 'budi', note: 'seen too' }

let place: TestDatabase
let database: Database
beforeAll(async () => {
  place = await createTestDatabase()
  database = openDatabase({ databaseUrl: place.databaseUrl, maxConnections: 4, onError: () => {} })
})
afterAll(async () => {
  await database?.close()
  await place?.drop()
})

/** What the changes of these tests change. */
let state: { limit: number; applied: string[]; refusal: string | null }
let subject = 0
beforeEach(() => {
  state = { limit: 10, applied: [], refusal: null }
  subject += 1
})

const kind: ChangeKind<{ readonly name: string; readonly limit: number }> = {
  name: 'raise_limits',
  payload: z.strictObject({ name: z.string(), limit: z.number().int() }),
  subjectOf: ({ name }) => name,
  describe: ({ name, limit }) => `the limit of ${name} becomes ${limit}`,
  readCurrent: async () => ({ limit: state.limit }),
  async apply(_runner, { limit }, by) {
    state.applied.push(`${limit} by ${by.proposedBy} and ${by.approvedBy}`)
    return state.refusal === null ? { is: 'done' } : refused(state.refusal)
  },
}
const rules = (onePersonTeam = false) => ({ kinds: [anyChangeKind(kind)], onePersonTeam })

const propose = (person = ANI) =>
  inSession(place.databaseUrl, (session) =>
    proposeChange(session, person, kind, { name: `acme-${subject}`, limit: 20 }),
  )
const approve = (requestId: number, person = BUDI, onePersonTeam = false) =>
  inSession(place.databaseUrl, (session) => approveChange(session, person, requestId, rules(onePersonTeam)))
const decline = (requestId: number, person = BUDI) =>
  inSession(place.databaseUrl, (session) => declineChange(session, person, requestId))

async function proposed(): Promise<number> {
  const answer = await propose()
  if (answer.is !== 'done') throw new Error(answer.message)
  return answer.requestId
}
const stateOf = async (requestId: number) => (await findRequest(database, { requestId }))[0]?.state

describe('a change that takes two people', () => {
  it('is carried out once another person approves it', async () => {
    const requestId = await proposed()
    expect(state.applied).toEqual([])
    expect(await approve(requestId)).toEqual({ is: 'done', alone: false })
    expect(state.applied).toEqual(['20 by ani and budi'])
    expect(await stateOf(requestId)).toBe('approved')
  })

  it.each(['ani', 'ANI', 'Аni', ' ani'])('is refused to its author, also as %j', async (by) => {
    const requestId = await proposed()
    expect(await approve(requestId, { by, note: 'me again' })).toMatchObject({ is: 'refused' })
    expect(state.applied).toEqual([])
    expect(await stateOf(requestId)).toBe('open')
  })

  it('is approved by its author in a team of one, and the history says so', async () => {
    const requestId = await proposed()
    expect(await approve(requestId, ANI, true)).toEqual({ is: 'done', alone: true })
    const [row] = await findRequest(database, { requestId })
    expect(row).toMatchObject({ alone: true, decidedBy: 'ani' })
    expect(row?.decisionNote).toContain('NOBODY ELSE HAS LOOKED AT THIS')
  })

  it('is carried out once when two people approve it at once', async () => {
    const requestId = await proposed()
    const cici = { by: 'cici', note: 'seen too' }
    const answers = await Promise.all([approve(requestId), approve(requestId, cici)])
    expect(answers.map(({ is }) => is).sort()).toEqual(['done', 'refused'])
    expect(state.applied).toHaveLength(1)
  })

  it('is refused when what it changes is no longer what its author saw', async () => {
    const requestId = await proposed()
    state.limit = 15
    const answer = await approve(requestId)
    expect(answer).toMatchObject({ is: 'refused', message: expect.stringContaining('limit: 10 → 15') })
    expect(state.applied).toEqual([])
    expect(await stateOf(requestId)).toBe('open')
  })

  it('stays open when its change is refused', async () => {
    const requestId = await proposed()
    state.refusal = 'there is no such partner'
    expect(await approve(requestId)).toEqual({ is: 'refused', message: 'there is no such partner' })
    expect(await stateOf(requestId)).toBe('open')
  })

  it('has one open request for its subject, and may be proposed again once that is decided', async () => {
    const requestId = await proposed()
    expect(await propose(BUDI)).toMatchObject({
      is: 'refused',
      message: expect.stringContaining(`request ${requestId}`),
    })
    expect(await decline(requestId, ANI)).toEqual({ is: 'done' })
    expect(await approve(requestId)).toMatchObject({ is: 'refused' })
    expect(await propose(BUDI)).toMatchObject({ is: 'done' })
  })

  it.each([
    { by: '', note: 'why' },
    { by: 'ani', note: ' ' },
  ])('is refused without a name or a reason: %j', async (person) => {
    expect(await propose(person)).toMatchObject({ is: 'refused' })
  })

  it('is listed with how many requests there are', async () => {
    const requestId = await proposed()
    const rows = await listRequests(database, { state: 'open', limit: 1, skip: 0 })
    expect(rows).toMatchObject([{ requestId, state: 'open' }])
    expect(rows[0]?.total).toBeGreaterThan(0)
  })
})

describe('Postgres itself', () => {
  const refusalOf = (text: string, values: unknown[]) =>
    database.run(unnamed(text), values).then(
      () => 'accepted',
      (error: { constraint: string | null; message: string }) => error.constraint ?? error.message,
    )
  const decision = (by: string, alone: boolean) =>
    `UPDATE change_requests SET state = 'approved', decided_by = '${by}', decided_at = now(), decision_note = 'n', alone = ${alone} WHERE id = $1`

  it('refuses the approval of one person who does not say so', async () => {
    const requestId = await proposed()
    expect(await refusalOf(decision('Ani', false), [requestId])).toBe('change_requests_second_person')
    expect(await refusalOf(decision('budi', true), [requestId])).toBe('change_requests_second_person')
  })

  it('refuses a second decision, another content, a request that is born approved, and a deletion', async () => {
    const requestId = await proposed()
    expect(await refusalOf(`UPDATE change_requests SET payload = '{}' WHERE id = $1`, [requestId])).toBe(
      'change_request_transition',
    )
    expect(
      await refusalOf(
        `UPDATE change_requests SET payload = '{}', state = 'declined', decided_by = 'budi', decided_at = now(), decision_note = 'n' WHERE id = $1`,
        [requestId],
      ),
    ).toBe('change_request_identity')
    await approve(requestId)
    expect(await refusalOf(decision('cici', false), [requestId])).toBe('change_request_transition')
    expect(
      await refusalOf(
        `INSERT INTO change_requests (kind, subject, payload, seen, note, proposed_by, state, decided_by, decided_at, decision_note) VALUES ('open_switch', 'x', '{}', '{}', 'n', $1, 'approved', 'budi', now(), 'n')`,
        ['ani'],
      ),
    ).toBe('change_request_transition')
    expect(await refusalOf('DELETE FROM change_requests WHERE id = $1', [requestId])).toBe('append_only')
  })

  it('believes no temporary table in the place of the requests', async () => {
    const believed = await inSession(place.databaseUrl, (session) =>
      session.transaction(async () => {
        await session.run(unnamed('CREATE TEMPORARY TABLE change_requests (LIKE public.change_requests)'))
        await session.run(
          unnamed(`INSERT INTO pg_temp.change_requests (id, kind, subject, payload, seen, note, proposed_by, proposed_at, state, alone)
            VALUES (99, 'raise_limits', 'acme', '{}', '{}', 'n', 'ani', now(), 'approved', false)`),
        )
        return await session.run<{ is: boolean }>(
          unnamed(`SELECT is_change_approved(99, 'raise_limits', 'acme') AS is`),
        )
      }),
    )
    expect(believed).toEqual([{ is: false }])
  })

  it('believes an approval in its own transaction only, for its own change only', async () => {
    const requestId = await proposed()
    const isApproved = 'SELECT is_change_approved($1, $2, $3) AS is'
    const within = await inSession(place.databaseUrl, (session) =>
      session.transaction(async () => {
        await session.run(unnamed(decision('budi', false)), [requestId])
        const asked = [
          [requestId, 'raise_limits', `acme-${subject}`],
          [requestId, 'raise_limits', 'other'],
          [requestId, 'open_switch', `acme-${subject}`],
        ]
        const answers: boolean[] = []
        for (const values of asked)
          answers.push((await session.run<{ is: boolean }>(unnamed(isApproved), values))[0]?.is ?? false)
        return answers
      }),
    )
    expect(within).toEqual([true, false, false])
    const later = await database.run<{ is: boolean }>(unnamed(isApproved), [
      requestId,
      'raise_limits',
      `acme-${subject}`,
    ])
    expect(later).toEqual([{ is: false }])
  })
})

describe('differencesFrom', () => {
  it.each([
    [{ a: 1 }, { a: 1 }, []],
    [{ a: { x: 1, y: [2] } }, { a: { y: [2], x: 1 } }, []],
    [{ a: 1 }, { a: 2, b: null }, ['a: 1 → 2']],
    [{}, { b: 'x' }, ['b: null → "x"']],
  ])('of %j and %j are %j', (seen, current, differences) => {
    expect(differencesFrom(seen, current)).toEqual(differences)
  })
})
