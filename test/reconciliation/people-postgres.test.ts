import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ANI, BUDI, type People, peopleOf } from '../support/factories/people.ts'
import {
  aRecordedOrder,
  lineOf,
  type RecordedOrder,
  recordOrders,
  recordStatement,
  rowsOf,
} from '../support/factories/recorded-orders.ts'
import { openScene, type Scene } from '../support/scenes/recon-scene.ts'
import { inSession } from '../support/servers/sessions.ts'
import { unnamed } from '../support/unnamed.ts'

/** What Postgres itself refuses, whatever program asks. */

let scene: Scene
let people: People
let breakId: number
let orderId: string
let order: RecordedOrder
let statementId: number

beforeAll(async () => {
  scene = await openScene()
  people = peopleOf(scene.databaseUrl)
})
afterAll(async () => {
  await scene?.close()
})

/** A break of one order and a doubt of another. */
beforeEach(async () => {
  order = aRecordedOrder()
  const doubt = aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null })
  await recordOrders(scene.databaseUrl, [order, doubt])
  const lines = [lineOf(order, { fee: 4_999 })]
  statementId = await recordStatement(scene.databaseUrl, lines, { complete: false })
  await scene.run()
  const [row] = await rowsOf<{ id: number }>(
    scene.database,
    `SELECT id FROM breaks WHERE order_id = '${order.orderId}'`,
  )
  breakId = row?.id ?? 0
  orderId = doubt.orderId
})

/** The constraint that refuses a transaction of these statements, all on one connection. */
const refusalOf = (...texts: string[]) =>
  inSession(scene.databaseUrl, (session) =>
    session.transaction(async () => {
      for (const text of texts) await session.run(unnamed(text))
    }),
  ).then(
    () => 'accepted',
    (error: { constraint: string | null; message: string }) => error.constraint ?? error.message,
  )

const approve = (proposal: string, by: string, alone = false) =>
  `UPDATE proposals SET state = 'approved', decided_by = '${by}', decided_at = now(), decision_note = 'n', alone = ${alone}
   WHERE ${proposal} AND state = 'open'`
const ofBreak = () => `break_id = ${breakId}`
const ofOrder = () => `order_id = '${orderId}'`

const WRITE_OFF = () =>
  `UPDATE breaks SET state = 'closed', closed_at = now(), reason = 'written_off', actor = 'person:x', run_id = NULL
   WHERE id = ${breakId}`
/** Ends order and attempt in one statement, as Postgres demands. */
const SETTLE = (state: string, reason: string, facts = '') =>
  `WITH ended AS (UPDATE attempts SET outcome = '${state}', ended_at = now() ${facts} WHERE order_id = '${orderId}')
   UPDATE orders SET state = '${state}', reason = '${reason}' WHERE id = '${orderId}'`
const AS_QUOTED = `, session_id = 'S', gold_weight = quoted_gold_weight, amount = quoted_amount, fee = quoted_fee`
const PROPOSE = (facts: string, decision = 'order_executed', at = 'now()') =>
  `INSERT INTO proposals (order_id, decision, note, facts, proposed_by, proposed_at, state)
   VALUES ('${orderId}', '${decision}', 'n', '${facts}', 'ani', ${at}, 'open')`
const FACTS = '{"evidence": "e", "executed": {"sessionId": "S"}}'

describe('Postgres refuses a proposal', () => {
  it.each(['ani', 'ANI', 'Ani', 'a ni'])('to be approved by its author, as "%s"', async (by) => {
    await people.propose(breakId, ANI)
    expect(await refusalOf(approve(ofBreak(), by))).toBe('proposals_second_person')
  })

  it('to be approved by somebody else as if nobody else had looked', async () => {
    await people.propose(breakId, ANI)
    expect(await refusalOf(approve(ofBreak(), 'budi', true))).toBe('proposals_second_person')
  })

  it('to be decided by nobody, or without a reason', async () => {
    await people.propose(breakId, ANI)
    const decide = (by: string, note: string) =>
      `UPDATE proposals SET state = 'declined', decided_at = now(), decided_by = ${by}, decision_note = ${note} WHERE ${ofBreak()}`
    expect(await refusalOf(decide(`' '`, `'n'`))).toBe('proposals_decided')
    expect(await refusalOf(decide('NULL', `'n'`))).toBe('proposals_decided')
    expect(await refusalOf(decide(`'budi'`, 'NULL'))).toBe('proposals_decided')
    expect(await refusalOf(decide(`'budi'`, `' '`))).toBe('proposals_reasoned')
  })

  it('to be decided again, or opened again', async () => {
    await people.propose(breakId, ANI)
    await people.reject(breakId, BUDI)
    expect(await refusalOf(`UPDATE proposals SET state = 'approved' WHERE ${ofBreak()}`)).toBe(
      'proposal_transition',
    )
    expect(
      await refusalOf(
        `UPDATE proposals SET state = 'open', decided_by = NULL, decided_at = NULL, decision_note = NULL WHERE ${ofBreak()}`,
      ),
    ).toBe('proposal_transition')
  })

  it('to become another one, also while it is decided', async () => {
    await people.resolve(orderId, ANI, { sessionId: 'S' })
    const decided = approve(ofOrder(), 'budi')
    for (const change of [
      `facts = '{}'`,
      `decision = 'order_not_executed'`,
      `proposed_by = 'citra'`,
      `note = 'other'`,
      `proposed_at = now()`,
      `order_id = '${order.orderId}'`,
    ])
      expect(await refusalOf(decided.replace('SET', `SET ${change}, `)), change).toBe('proposal_identity')
  })

  it('to begin approved, and a second one beside an open one', async () => {
    expect(await refusalOf(PROPOSE(FACTS).replace(`'open'`, `'approved'`))).toBe('proposal_transition')
    await people.resolve(orderId, ANI, { sessionId: 'S' })
    expect(await refusalOf(PROPOSE(FACTS))).toBe('proposals_one_open_per_order')
  })
})

describe('Postgres refuses a doubt to be settled', () => {
  it('by a person without a proposal, with an open one, a declined one, or one for the other outcome', async () => {
    const settle = () => refusalOf(SETTLE('rejected', 'resolved_by_person'))
    expect(await settle()).toBe('doubt_has_approval')
    await people.resolve(orderId, ANI, null)
    expect(await settle()).toBe('doubt_has_approval')
    await people.declineResolution(orderId, BUDI)
    expect(await settle()).toBe('doubt_has_approval')
    await people.resolve(orderId, ANI, { sessionId: 'S' })
    expect(await refusalOf(approve(ofOrder(), 'budi'))).toBe('accepted')
    expect(await settle()).toBe('doubt_has_approval')
  })

  it('with other facts than the approved ones', async () => {
    await people.resolve(orderId, ANI, { sessionId: 'S' })
    expect(await refusalOf(approve(ofOrder(), 'budi'))).toBe('accepted')
    const settleWith = (facts: string) => refusalOf(SETTLE('succeeded', 'resolved_by_person', facts))
    for (const [right, wrong] of [
      [`session_id = 'S'`, `session_id = 'T'`],
      [`session_id = 'S'`, `session_id = 'S', response_id = 'R'`],
      ['amount = quoted_amount', 'amount = quoted_amount + 1'],
      ['fee = quoted_fee', 'fee = 0'],
      ['gold_weight = quoted_gold_weight', 'gold_weight = 0.0001'],
    ] as const)
      expect(await settleWith(AS_QUOTED.replace(right, wrong)), wrong).toBe('doubt_settled_as_approved')
    expect(await settleWith(AS_QUOTED)).toBe('accepted')
  })

  it('by an approval that says executed and not what', async () => {
    expect(await refusalOf(PROPOSE('{"evidence": "e", "executed": null}'), approve(ofOrder(), 'budi'))).toBe(
      'accepted',
    )
    expect(
      await refusalOf(
        SETTLE('succeeded', 'resolved_by_person', AS_QUOTED.replace(`'S'`, `'SESSION-OF-ANYBODY'`)),
      ),
    ).toBe('doubt_settled_as_approved')
  })

  it('by a statement on evidence that no run found', async () => {
    const [run] = await rowsOf<{ id: string }>(scene.database, 'SELECT max(id) AS id FROM recon_runs')
    const evidence = (runId: string) =>
      `INSERT INTO doubt_evidence (order_id, verdict, rule, covering_statements, run_id)
       VALUES ('${orderId}', 'rejected', 'absence', ARRAY[${statementId}], ${runId})`
    expect(await refusalOf(evidence(run?.id ?? ''))).toBe('evidence_has_a_run')
    // With a run of one's own, that stays on record, it still has to be true.
    const begin = `INSERT INTO recon_runs (id, period_from, period_to, actor, settings) VALUES (-1, now(), now(), 'x', '{}')`
    expect(await refusalOf(begin, evidence('-1'))).toBe('evidence_is_there')
    expect(
      await refusalOf(
        begin,
        `INSERT INTO doubt_evidence (order_id, verdict, rule, statement_id, line_number, run_id)
         VALUES ('${orderId}', 'succeeded', 'session_id', ${statementId}, 2, -1)`,
      ),
    ).toBe('evidence_is_there')
  })

  it('by a statement with other facts than its line', async () => {
    await scene.database.run(unnamed('ALTER TABLE doubt_evidence DISABLE TRIGGER doubt_evidence_guard'), [])
    try {
      expect(
        await refusalOf(
          `INSERT INTO doubt_evidence (order_id, verdict, rule, statement_id, line_number, run_id)
           VALUES ('${orderId}', 'succeeded', 'session_id', ${statementId}, 2, 1)`,
          SETTLE('succeeded', 'found_in_statement', AS_QUOTED.replace(`'S'`, `'SESSION-OF-NOBODY'`)),
        ),
      ).toBe('doubt_settled_as_stated')
    } finally {
      await scene.database.run(unnamed('ALTER TABLE doubt_evidence ENABLE TRIGGER doubt_evidence_guard'), [])
    }
  })
})

describe('Postgres refuses a break to be', () => {
  it('written off without a proposal, with an open one, or a declined one', async () => {
    expect(await refusalOf(WRITE_OFF())).toBe('break_has_approval')
    await people.propose(breakId, ANI)
    expect(await refusalOf(WRITE_OFF())).toBe('break_has_approval')
    await people.reject(breakId, BUDI)
    expect(await refusalOf(WRITE_OFF())).toBe('break_has_approval')
  })

  it('written off on an approval from before it was found again or became another difference', async () => {
    await people.propose(breakId, ANI)
    await people.approve(breakId, BUDI)
    const replaced = (fee: number) =>
      recordStatement(scene.databaseUrl, [lineOf(order, { fee })], {
        complete: false,
        replaces: [statementId],
      })
    statementId = await replaced(0)
    await scene.run()
    expect(await refusalOf(WRITE_OFF())).toBe('break_has_approval')
    // Approved, not carried out, and then the difference is another one.
    await people.propose(breakId, ANI)
    expect(await refusalOf(approve(ofBreak(), 'budi'))).toBe('accepted')
    statementId = await replaced(9)
    await scene.run()
    expect(await refusalOf(WRITE_OFF())).toBe('break_has_approval')
  })

  it('written off on a proposal that says it was made in the future', async () => {
    const propose = `INSERT INTO proposals (break_id, decision, note, facts, proposed_by, proposed_at, state)
      VALUES (${breakId}, 'write_off', 'n', '{}', 'ani', '2999-01-01', 'open')`
    expect(await refusalOf(propose, approve(ofBreak(), 'budi'))).toBe('accepted')
    await recordStatement(scene.databaseUrl, [lineOf(order, { fee: 0 })], {
      complete: false,
      replaces: [statementId],
    })
    await scene.run()
    expect(await refusalOf(WRITE_OFF())).toBe('break_has_approval')
  })

  it('explained, changed, found again or found without a run', async () => {
    const close = `state = 'closed', closed_at = now()`
    for (const [reason, rest] of [
      ['explained', `, ${close}, run_id = NULL`],
      ['explained', `, ${close}`],
      ['changed', ', rupiah_at_risk = 0'],
    ])
      expect(await refusalOf(`UPDATE breaks SET reason = '${reason}' ${rest} WHERE id = ${breakId}`)).toBe(
        'break_has_a_run',
      )
    const found = `INSERT INTO breaks (key, type, rupiah_at_risk, grams_at_risk, difference, state, due_at, reason, actor)
      VALUES ('k', 'late', 0, 0, '{}', 'open', now(), 'found', 'x')`
    expect(await refusalOf(found)).toBe('break_has_a_run')
  })

  it('made smaller, or due later, by a person', async () => {
    for (const change of [
      'rupiah_at_risk = 0',
      'grams_at_risk = 9',
      `difference = '{}'`,
      `due_at = now() + interval '1 year'`,
      'opened_at = now()',
      'order_id = NULL',
    ])
      expect(
        await refusalOf(`UPDATE breaks SET reason = 'noted', ${change} WHERE id = ${breakId}`),
        change,
      ).toBe('break_identity')
  })
})

describe('Postgres keeps', () => {
  it.each(['proposals', 'break_events', 'order_events', 'breaks', 'doubt_evidence', 'recon_runs'])(
    'every row of %s',
    async (name) => {
      await people.propose(breakId, ANI)
      expect(await refusalOf(`DELETE FROM ${name}`)).toBe('append_only')
      expect(await refusalOf(`TRUNCATE ${name} CASCADE`)).toBe('append_only')
    },
  )

  it.each(['break_events', 'order_events', 'doubt_evidence'])('%s as they were written', async (name) => {
    const column = name === 'doubt_evidence' ? 'rule' : 'actor'
    expect(await refusalOf(`UPDATE ${name} SET ${column} = 'x'`)).toBe('append_only')
  })

  it('runs as they ended', async () => {
    expect(await refusalOf(`UPDATE recon_runs SET actor = 'x'`)).toBe('run_transition')
  })
})
