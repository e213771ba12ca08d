import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SESSION_NAME } from '../../src/postgres/session.ts'
import { eventually } from '../support/eventually.ts'
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

let scene: Scene
let people: People
let holder: pg.Client
beforeEach(async () => {
  scene = await openScene()
  people = peopleOf(scene.databaseUrl)
  holder = new pg.Client(scene.databaseUrl)
  await holder.connect()
})
afterEach(async () => {
  await holder.end()
  await scene.close()
})

const CITRA = { by: 'citra', note: 'seen as well' }
const doubtful = (overrides: Partial<RecordedOrder> = {}) =>
  aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null, ...overrides })

const isWaiting = (count: number) =>
  eventually(async () => {
    const rows = await rowsOf(
      scene.database,
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database()
       AND application_name = '${SESSION_NAME}' AND wait_event_type = 'Lock'`,
    )
    return rows.length >= count ? true : null
  })

/** Begins them one after the other while a row that both need is held, and lets go. */
async function queued<A, B>(
  hold: string,
  first: () => Promise<A>,
  second: () => Promise<B>,
): Promise<[A, B]> {
  await holder.query('BEGIN')
  await holder.query(hold)
  const a = first()
  await isWaiting(1)
  const b = second()
  await isWaiting(2)
  await holder.query('COMMIT')
  return await Promise.all([a, b])
}

const HOLD_BREAKS = 'SELECT 1 FROM breaks FOR UPDATE'
const HOLD_DOUBTS = `SELECT 1 FROM attempts WHERE outcome = 'in_doubt' FOR UPDATE`
const done = expect.objectContaining({ is: 'done' })
const refusedAs = (message: RegExp) => ({ is: 'refused', message: expect.stringMatching(message) })

const proposals = () =>
  rowsOf<{ state: string; by: string; note: string }>(
    scene.database,
    'SELECT state, decided_by AS by, decision_note AS note FROM proposals WHERE statement_id IS NULL ORDER BY id',
  )

describe('a break with a proposal', () => {
  /** The fee differs until the statement is replaced by one that explains it. */
  async function aBreak() {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    const first = await recordStatement(scene.databaseUrl, [lineOf(order, { fee: 4_999 })])
    await scene.run()
    const [row] = await rowsOf<{ id: number }>(scene.database, 'SELECT id FROM breaks')
    const breakId = row?.id ?? 0
    return {
      breakId,
      explain: () => recordStatement(scene.databaseUrl, [lineOf(order)], { replaces: [first] }),
    }
  }
  const reasons = async () =>
    (await rowsOf<{ reason: string }>(scene.database, 'SELECT reason FROM break_events ORDER BY id')).map(
      ({ reason }) => reason,
    )

  it('is proposed once by two people at once', async () => {
    const { breakId } = await aBreak()
    const answers = await queued(
      HOLD_BREAKS,
      () => people.propose(breakId, ANI),
      () => people.propose(breakId, BUDI),
    )
    expect(answers).toEqual([done, refusedAs(/a proposal already/)])
    expect(await reasons()).toEqual(['found', 'proposed'])
  })

  it('is written off once when two people approve at once', async () => {
    const { breakId } = await aBreak()
    await people.propose(breakId, ANI)
    const answers = await queued(
      HOLD_BREAKS,
      () => people.approve(breakId, BUDI),
      () => people.approve(breakId, CITRA),
    )
    expect(answers).toEqual([done, refusedAs(/is closed \(written_off\)/)])
    expect(await reasons()).toEqual(['found', 'proposed', 'written_off'])
    expect(await proposals()).toEqual([{ state: 'approved', by: 'budi', note: 'seen too' }])
  })

  it('is either approved or rejected by two people at once', async () => {
    const { breakId } = await aBreak()
    await people.propose(breakId, ANI)
    const answers = await queued(
      HOLD_BREAKS,
      () => people.reject(breakId, BUDI),
      () => people.approve(breakId, CITRA),
    )
    expect(answers).toEqual([done, refusedAs(/nothing is proposed/)])
    expect(await reasons()).toEqual(['found', 'proposed', 'declined'])
  })

  it('is explained by the run that comes first, and the approval is refused', async () => {
    const { breakId, explain } = await aBreak()
    await people.propose(breakId, ANI)
    await explain()
    const [, answer] = await queued(
      HOLD_BREAKS,
      () => scene.run(),
      () => people.approve(breakId, BUDI),
    )
    expect(answer).toEqual(refusedAs(/is closed \(explained\)/))
    expect(await reasons()).toEqual(['found', 'proposed', 'explained'])
    expect(await proposals()).toMatchObject([{ state: 'declined', by: 'person:test' }])
  })

  it('is written off by the approval that comes first, and stays so', async () => {
    const { breakId, explain } = await aBreak()
    await people.propose(breakId, ANI)
    await explain()
    const [answer] = await queued(
      HOLD_BREAKS,
      () => people.approve(breakId, BUDI),
      () => scene.run(),
    )
    expect(answer).toEqual(done)
    expect(await reasons()).toEqual(['found', 'proposed', 'written_off'])
    expect(await proposals()).toEqual([{ state: 'approved', by: 'budi', note: 'seen too' }])
  })
})

describe('a doubt with a proposal', () => {
  const endings = async () =>
    (
      await rowsOf<{ ending: string }>(
        scene.database,
        `SELECT concat_ws(' ', to_state, reason, actor) AS ending FROM order_events WHERE from_state = 'in_doubt' ORDER BY id`,
      )
    ).map(({ ending }) => ending)
  const evidence = () => rowsOf(scene.database, 'SELECT verdict FROM doubt_evidence')

  /** A complete statement proves that it was not executed, when a run looks. */
  async function aDoubt(): Promise<string> {
    const doubt = doubtful()
    const witness = aRecordedOrder({ phoneNumber: '081399988877' })
    await recordOrders(scene.databaseUrl, [doubt, witness])
    await recordStatement(scene.databaseUrl, [lineOf(witness)])
    return doubt.orderId
  }

  it('is settled once when two people approve at once', async () => {
    const orderId = await aDoubt()
    await people.resolve(orderId, ANI, { sessionId: 'S' })
    const answers = await queued(
      HOLD_DOUBTS,
      () => people.approveResolution(orderId, BUDI),
      () => people.approveResolution(orderId, CITRA),
    )
    expect(answers).toEqual([done, refusedAs(/this one is succeeded \(resolved_by_person\)/)])
    expect(await endings()).toEqual(['succeeded resolved_by_person person:budi'])
  })

  it('is settled by the run that comes first, and the approval is refused', async () => {
    const orderId = await aDoubt()
    await people.resolve(orderId, ANI, { sessionId: 'S' })
    const [, answer] = await queued(
      HOLD_DOUBTS,
      () => scene.run(),
      () => people.approveResolution(orderId, BUDI),
    )
    expect(answer).toEqual(refusedAs(/only an order in doubt .* this one is rejected \(not_executed\)/))
    expect(await endings()).toEqual(['rejected not_executed person:test'])
    expect(await proposals()).toEqual([
      {
        state: 'declined',
        by: 'person:test',
        note: expect.stringMatching(/^the order is rejected already \(not_executed\), run \d+$/),
      },
    ])
  })

  it('is settled by the approval that comes first, and the run leaves it', async () => {
    const orderId = await aDoubt()
    await people.resolve(orderId, ANI, { sessionId: 'S' })
    const [answer] = await queued(
      HOLD_DOUBTS,
      () => people.approveResolution(orderId, BUDI),
      () => scene.run(),
    )
    expect(answer).toEqual(done)
    expect(await endings()).toEqual(['succeeded resolved_by_person person:budi'])
    expect(await evidence()).toEqual([])
    // What the people say is now an order like any other, and the statement does not have it.
    expect((await scene.outcome()).breaks).toEqual(['missing_at_gateway'])
  })

  it('is not proposed for any more once the run has settled it', async () => {
    const orderId = await aDoubt()
    const [, answer] = await queued(
      HOLD_DOUBTS,
      () => scene.run(),
      () => people.resolve(orderId, ANI, { sessionId: 'S' }),
    )
    expect(answer).toEqual(refusedAs(/this one is rejected \(not_executed\)/))
    expect(await proposals()).toEqual([])
  })

  const LATE_REPLY = `
    WITH ended AS (
      UPDATE attempts SET outcome = 'succeeded', session_id = 'S', gold_weight = 0.5, amount = 441000, fee = 5000
      WHERE outcome = 'in_doubt')
    UPDATE orders SET state = 'succeeded', reason = 'late_reply', actor = 'worker:test' WHERE state = 'in_doubt'`

  it('is settled by a late reply meanwhile: the approval says so and changes nothing', async () => {
    const orderId = await aDoubt()
    await people.resolve(orderId, ANI, null)
    await holder.query('BEGIN')
    await holder.query(LATE_REPLY)
    const answer = people.approveResolution(orderId, BUDI)
    await isWaiting(1)
    await holder.query('COMMIT')
    const message = /only an order in doubt can be resolved; this one is succeeded \(late_reply\)/
    expect(await answer).toEqual(refusedAs(message))
    expect(await people.approveResolution(orderId, BUDI)).toEqual(refusedAs(message))
    expect(await endings()).toEqual(['succeeded late_reply worker:test'])
    expect(await proposals()).toMatchObject([{ state: 'open' }])
    // The next run clears it away.
    await scene.run()
    expect(await proposals()).toMatchObject([
      { state: 'declined', note: expect.stringMatching(/^the order is succeeded already \(late_reply\)/) },
    ])
  })

  it('and another doubt are not both settled with one transaction, when both are approved at once', async () => {
    const doubts = [doubtful(), doubtful()]
    await recordOrders(scene.databaseUrl, doubts)
    for (const { orderId } of doubts) await people.resolve(orderId, ANI, { sessionId: 'S' })
    const [a, b] = doubts.map(
      ({ orderId }) =>
        () =>
          people.approveResolution(orderId, BUDI),
    )
    if (a === undefined || b === undefined) throw new Error('two doubts')
    expect(await queued(HOLD_DOUBTS, a, b)).toEqual([done, refusedAs(/that transaction is the one of order/)])
    expect((await scene.outcome()).orders.sort()).toEqual([
      'in_doubt reply_lost',
      'succeeded resolved_by_person',
    ])
  })
})
