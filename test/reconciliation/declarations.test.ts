import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listDeclarations } from '../../src/reconciliation/declaration-queries.ts'
import {
  approveDeclaration,
  type Declared,
  declineDeclaration,
  proposeDeclaration,
  revokeDeclaration,
} from '../../src/reconciliation/declarations.ts'
import { ANI, BUDI } from '../support/factories/people.ts'
import {
  aRecordedOrder,
  DAY,
  lineOf,
  NOON,
  recordOrders,
  recordStatement,
} from '../support/factories/recorded-orders.ts'
import { openScene, type Scene } from '../support/scenes/recon-scene.ts'
import { inSession } from '../support/servers/sessions.ts'
import { unnamed } from '../support/unnamed.ts'

/** What two people must declare before a statement's silence counts, by the program and by Postgres. */

let scene: Scene
beforeEach(async () => {
  scene = await openScene()
})
afterEach(async () => {
  await scene.close()
})

const CITRA = { by: 'citra', note: 'three lines were missing' }
const on = <T>(work: (session: Parameters<typeof approveDeclaration>[0]) => Promise<T>) =>
  inSession(scene.databaseUrl, work)
const propose = (declared: Declared, person = ANI, minutes: number | null = null) =>
  on((session) => proposeDeclaration(session, declared, person, minutes))
const approve = (declared: Declared, person = BUDI, alone = false) =>
  on((session) => approveDeclaration(session, declared, person, alone))

/** A doubt that nothing speaks for, and a statement that ani says is complete. */
async function aDoubt(period: { from: Date; to: Date } = DAY) {
  const doubt = aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null })
  const witness = aRecordedOrder({
    phoneNumber: '081399988877',
    intentAt: new Date(NOON.getTime() - 3_600_000),
  })
  await recordOrders(scene.databaseUrl, [doubt, witness])
  const statementId = await recordStatement(scene.databaseUrl, [lineOf(witness)], { period, approved: false })
  return { orderId: doubt.orderId, statementId }
}
const run = async (lagMs?: number) => {
  const { counts } = await scene.run(lagMs === undefined ? {} : { settings: { lagMs } })
  return counts.settled.rejected === 1 ? 'rejected' : Object.keys(counts.stayInDoubt)[0]
}
const done = expect.objectContaining({ is: 'done' })
const refusedAs = (message: RegExp) => ({ is: 'refused', message: expect.stringMatching(message) })

const refusalOf = (...texts: string[]) =>
  on((session) =>
    session.transaction(async () => {
      for (const text of texts) await session.run(unnamed(text))
    }),
  ).then(
    () => 'accepted',
    (error: { constraint: string | null; message: string }) => error.constraint ?? error.message,
  )

describe("a statement's silence", () => {
  it('counts once another person approved that it is complete, not before, and not any more when one revokes', async () => {
    const { statementId } = await aDoubt()
    const statement = { is: 'statement', statementId } as const
    expect(await run()).toBe('completeness_unapproved')
    for (const by of ['ani', ' ANI', 'a ni'])
      expect(await approve(statement, { ...BUDI, by })).toEqual(refusedAs(/another person must approve/))
    expect(await run()).toBe('completeness_unapproved')
    expect(await approve(statement)).toEqual(done)
    expect(await on((session) => revokeDeclaration(session, statement, CITRA))).toEqual(done)
    expect(await run()).toBe('completeness_unapproved')
    expect(await propose(statement, CITRA)).toEqual(done)
    expect(await approve(statement)).toEqual(done)
    expect(await run()).toBe('rejected')
  })

  it('does not count when another person declines', async () => {
    const { statementId } = await aDoubt()
    const statement = { is: 'statement', statementId } as const
    expect(await on((session) => declineDeclaration(session, statement, BUDI))).toEqual(done)
    expect(await approve(statement)).toEqual(refusedAs(/nothing is proposed for statement/))
    expect(await run()).toBe('completeness_unapproved')
  })

  it('of a trusted source counts without an approval of its own, until one person revokes', async () => {
    const source = { is: 'source', source: 'gateway' } as const
    await aDoubt()
    expect(await propose(source)).toEqual(done)
    expect(await run()).toBe('completeness_unapproved')
    expect(await approve(source, ANI)).toEqual(refusedAs(/another person must approve/))
    expect(await approve(source)).toEqual(done)
    expect(await on((session) => revokeDeclaration(session, source, CITRA))).toEqual(done)
    expect(await run()).toBe('completeness_unapproved')
    expect(await on((session) => revokeDeclaration(session, source, CITRA))).toEqual(
      refusedAs(/nothing is approved for source gateway/),
    )
    await propose(source, CITRA)
    await approve(source)
    expect(await run()).toBe('rejected')
    expect(await on((session) => listDeclarations(session, 'source'))).toMatchObject([
      { subject: 'gateway', state: 'approved', proposedBy: 'citra', decidedBy: 'budi' },
      { subject: 'gateway', state: 'revoked', proposedBy: 'ani', decidedBy: 'citra' },
    ])
  })

  it('of another source that is trusted counts as little as before', async () => {
    await aDoubt()
    await propose({ is: 'source', source: 'Gateway' })
    await approve({ is: 'source', source: 'Gateway' })
    expect(await run()).toBe('completeness_unapproved')
  })

  it('counts with a shorter lag once two people approved it', async () => {
    const { statementId } = await aDoubt({ from: DAY.from, to: new Date(NOON.getTime() + 600_000) })
    await approve({ is: 'statement', statementId })
    expect(await run(0)).toBe('lag_unapproved')
    await propose({ is: 'lag' }, ANI, 10)
    expect(await run(0)).toBe('lag_unapproved')
    expect(await approve({ is: 'lag' }, ANI)).toEqual(refusedAs(/another person/))
    expect(await approve({ is: 'lag' })).toEqual(done)
    // Ten minutes after the attempt ended is a second after the statement's end.
    expect(await run(0)).toBe('lag_unapproved')
    await propose({ is: 'lag' }, ANI, 9)
    await approve({ is: 'lag' })
    expect(await run(0)).toBe('rejected')
  })

  it('is approved by a team of one, which the audit says loudly', async () => {
    const { statementId } = await aDoubt()
    expect(await approve({ is: 'statement', statementId }, { ...BUDI, by: 'ani' }, true)).toEqual(done)
    expect(await run()).toBe('rejected')
    expect(await on((session) => listDeclarations(session, 'statement'))).toMatchObject([
      { note: expect.stringMatching(/ONE_PERSON is set: NOBODY ELSE HAS LOOKED AT THIS/) },
    ])
  })

  it.each<[string, Declared, RegExp]>([
    [
      'of a statement that is not there',
      { is: 'statement', statementId: 9_999_999 },
      /there is no statement/,
    ],
    ['of a source without a name', { is: 'source', source: ' ' }, /say which source/],
  ])('is not declared %s', async (_what, declared, message) => {
    expect(await propose(declared)).toEqual(refusedAs(message))
  })

  it('is not declared of a statement without --complete, nor of one that was replaced', async () => {
    const part = await recordStatement(scene.databaseUrl, [], { complete: false })
    expect(await propose({ is: 'statement', statementId: part })).toEqual(refusedAs(/without --complete/))
    const replaced = await recordStatement(scene.databaseUrl, [], { approved: false })
    await recordStatement(scene.databaseUrl, [], { replaces: [replaced] })
    expect(await approve({ is: 'statement', statementId: replaced })).toEqual(refusedAs(/was replaced by/))
  })
})

describe('Postgres refuses', () => {
  const begin = `INSERT INTO recon_runs (id, period_from, period_to, actor, settings) VALUES (-1, now(), now(), 'x', '{}')`
  const absent = (orderId: string, statementId: number) =>
    `INSERT INTO doubt_evidence (order_id, verdict, rule, covering_statements, run_id)
     VALUES ('${orderId}', 'rejected', 'absence', ARRAY[${statementId}], -1)`

  it('absence that rests on a statement which nobody else approved', async () => {
    const { orderId, statementId } = await aDoubt()
    expect(await refusalOf(begin, absent(orderId, statementId))).toBe('absence_is_approved')
    await approve({ is: 'statement', statementId })
    expect(await refusalOf(begin, absent(orderId, statementId))).toBe('accepted')
  })

  it('absence that rests on statements which do not cover the lag that two people approved', async () => {
    const { orderId, statementId } = await aDoubt({ from: DAY.from, to: new Date(NOON.getTime() + 600_000) })
    await approve({ is: 'statement', statementId })
    expect(await refusalOf(begin, absent(orderId, statementId))).toBe('absence_is_covered')
    await propose({ is: 'lag' }, ANI, 5)
    await approve({ is: 'lag' })
    expect(await refusalOf(begin, absent(orderId, statementId))).toBe('accepted')
  })

  it('an approval by who imported it, and one that becomes another statement’s', async () => {
    const { statementId } = await aDoubt()
    const decide = (by: string, more = '') =>
      `UPDATE proposals SET state = 'approved', decided_by = '${by}', decided_at = now(), decision_note = 'n' ${more}
       WHERE statement_id = ${statementId}`
    expect(await refusalOf(decide('ANI'))).toBe('proposals_second_person')
    expect(await refusalOf(decide('budi', `, source = 'gateway', statement_id = NULL`))).toBe(
      'proposal_identity',
    )
  })

  it('what is revoked to be anything but such an approval, and what was revoked to be forgotten', async () => {
    const { orderId, statementId } = await aDoubt()
    const revoke = `INSERT INTO revocations (proposal_id, revoked_by, note) SELECT id, 'x', 'n' FROM proposals`
    expect(await refusalOf(revoke)).toBe('revocation_of_approval')
    await approve({ is: 'statement', statementId })
    await on((session) => revokeDeclaration(session, { is: 'statement', statementId }, CITRA))
    expect(await refusalOf('DELETE FROM revocations')).toBe('append_only')
    expect(
      await refusalOf(
        `INSERT INTO proposals (order_id, decision, note, facts, proposed_by, state)
         VALUES ('${orderId}', 'order_not_executed', 'n', '{"evidence": " "}', 'ani', 'open')`,
      ),
    ).toBe('proposals_evidence')
  })
})
