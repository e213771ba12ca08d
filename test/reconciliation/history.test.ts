import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SESSION_NAME } from '../../src/postgres/session.ts'
import { eventually } from '../support/eventually.ts'
import { ANI, BUDI, peopleOf } from '../support/factories/people.ts'
import {
  aRecordedOrder,
  DAY,
  lineOf,
  NOON,
  recordOrders,
  recordStatement,
  rowsOf,
} from '../support/factories/recorded-orders.ts'
import { openScene, type Scene } from '../support/scenes/recon-scene.ts'
import { sql } from '../support/servers/sessions.ts'
import { unnamed } from '../support/unnamed.ts'

let scene: Scene
beforeEach(async () => {
  scene = await openScene()
})
afterEach(async () => {
  await scene.close()
})

const MONTH = { from: new Date('2026-01-31T17:00:00Z'), to: new Date('2026-02-28T17:00:00Z') }

/** Executed an hour before noon: its line shows that a statement has what we know. */
const aWitness = (intentAt = new Date(NOON.getTime() - 3_600_000)) =>
  aRecordedOrder({ phoneNumber: '081399988877', intentAt })

const historyOf = async (type: string) =>
  (
    await rowsOf<{ reason: string; note: string | null }>(
      scene.database,
      `SELECT e.reason, e.note FROM break_events e JOIN breaks b ON b.id = e.break_id WHERE b.type = '${type}' ORDER BY e.id`,
    )
  ).map(({ reason, note }) => `${reason}${note === null ? '' : `: ${note}`}`)

describe('a break', () => {
  it('is closed by what explains it, says so, and is reopened rather than doubled', async () => {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    const first = await recordStatement(scene.databaseUrl, [])
    await scene.run()
    expect((await scene.outcome()).breaks).toEqual(['missing_at_gateway'])
    const second = await recordStatement(scene.databaseUrl, [lineOf(order)], { replaces: [first] })
    await scene.run()
    expect((await scene.outcome()).breaks).toEqual([])
    await recordStatement(scene.databaseUrl, [], { replaces: [second] })
    await scene.run()
    expect((await scene.outcome()).breaks).toEqual(['missing_at_gateway'])
    expect(await historyOf('missing_at_gateway')).toEqual([
      'found',
      `explained: line 2 of statement ${second} belongs to order ${order.orderId} by session_id`,
      'found_again: closed before: explained',
    ])
    expect(await rowsOf(scene.database, 'SELECT id FROM breaks')).toHaveLength(1)
  })

  it('is explained by an order that comes later, also by a run of another period', async () => {
    const order = aRecordedOrder()
    const stranger = lineOf(order)
    await recordStatement(scene.databaseUrl, [stranger])
    await scene.run({ period: DAY })
    expect((await scene.outcome()).breaks).toEqual(['missing_here'])
    await recordOrders(scene.databaseUrl, [order])
    // The run is about another day; open breaks are looked at again all the same.
    await scene.run({ period: { from: DAY.to, to: MONTH.to } })
    expect((await scene.outcome()).breaks).toEqual([])
    expect((await historyOf('missing_here'))[1]).toMatch(
      /^explained: line 2 of statement \d+ belongs to order/,
    )
  })

  it('that changes stays the same break', async () => {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    const first = await recordStatement(scene.databaseUrl, [lineOf(order, { amount: 441_010 })])
    await scene.run()
    await recordStatement(scene.databaseUrl, [lineOf(order, { amount: 441_020 })], { replaces: [first] })
    await scene.run()
    expect(await historyOf('amount_differs')).toEqual(['found', 'changed'])
    expect(
      await rowsOf(scene.database, 'SELECT rupiah_at_risk::int AS rupiah, difference FROM breaks'),
    ).toEqual([{ rupiah: 20, difference: { ours: 441_000, theirs: 441_020 } }])
  })

  it('that was written off hides no second line of its session_id, whatever days are run', async () => {
    const line = lineOf(aRecordedOrder())
    await recordStatement(scene.databaseUrl, [line])
    await scene.run({ period: DAY })
    const [row] = await rowsOf<{ id: number }>(scene.database, 'SELECT id FROM breaks')
    const people = peopleOf(scene.databaseUrl)
    await people.propose(row?.id ?? 0, ANI)
    await people.approve(row?.id ?? 0, BUDI)
    const next = { from: DAY.to, to: new Date(DAY.to.getTime() + 86_400_000) }
    const tomorrow = new Date(line.executedAt.getTime() + 86_400_000)
    await recordStatement(scene.databaseUrl, [{ ...line, executedAt: tomorrow }], { period: next })
    for (const period of [next, next, DAY, MONTH]) {
      await scene.run({ period })
      expect((await scene.outcome()).breaks).toEqual(['duplicate_session'])
    }
    expect(await historyOf('duplicate_session')).toEqual(['found'])
  })

  it('is none within the tolerance that was given', async () => {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    await recordStatement(scene.databaseUrl, [lineOf(order, { amount: 441_010, goldWeight: '0.5002' })])
    const tolerance = { amount: 10, fee: 0, goldWeight: 1 } as never
    await scene.run({ settings: { tolerance } })
    expect((await scene.outcome()).breaks).toEqual(['weight_differs'])
    await scene.run()
    expect((await scene.outcome()).breaks).toEqual(['amount_differs', 'weight_differs'])
  })
})

describe('statements', () => {
  it('in pieces are put together: absence is proven by all of them', async () => {
    const doubt = aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null })
    const witness = aWitness()
    await recordOrders(scene.databaseUrl, [doubt, witness])
    await recordStatement(scene.databaseUrl, [lineOf(witness)], { period: { from: DAY.from, to: NOON } })
    await scene.run()
    expect((await scene.outcome()).stays).toEqual(['awaiting_statement'])
    await recordStatement(scene.databaseUrl, [], { period: { from: NOON, to: DAY.to } })
    await scene.run()
    expect((await scene.outcome()).orders).toEqual(['succeeded executed', 'rejected not_executed'])
    const [evidence] = await rowsOf<{ covering: number[] }>(
      scene.database,
      'SELECT covering_statements AS covering FROM doubt_evidence',
    )
    expect(evidence?.covering).toHaveLength(2)
  })

  it('of a second source that is silent about the time prove nothing', async () => {
    const doubt = aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null })
    await recordOrders(scene.databaseUrl, [doubt])
    await recordStatement(scene.databaseUrl, [])
    await recordStatement(scene.databaseUrl, [], {
      source: 'second',
      period: { from: DAY.to, to: MONTH.to },
    })
    await scene.run()
    expect((await scene.outcome()).stays).toEqual(['awaiting_statement'])
  })

  it('that prove an absence are followed by one that has the line: a conflict, not a second life', async () => {
    const doubt = aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null })
    const witness = aWitness()
    await recordOrders(scene.databaseUrl, [doubt, witness])
    const first = await recordStatement(scene.databaseUrl, [lineOf(witness)])
    await scene.run()
    const late = lineOf(doubt, { sessionId: 'S', responseId: 'R' })
    await recordStatement(scene.databaseUrl, [lineOf(witness), late], { replaces: [first] })
    await scene.run()
    expect(await scene.outcome()).toMatchObject({
      orders: ['succeeded executed', 'rejected not_executed'],
      breaks: ['state_conflict'],
    })
  })

  it('that repeat the lines of another count them once, until that one is replaced', async () => {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    const day = await recordStatement(scene.databaseUrl, [lineOf(order)])
    const month = await recordStatement(scene.databaseUrl, [lineOf(order)], { period: MONTH })
    await scene.database.run(unnamed(`INSERT INTO statement_repeats VALUES (${month}, 2, ${day}, 2)`), [])
    await scene.run()
    expect(await scene.outcome()).toMatchObject({ matches: [`${day}/2 session_id`], breaks: [] })
    await recordStatement(scene.databaseUrl, [], { replaces: [day] })
    await scene.run()
    expect(await scene.outcome()).toMatchObject({ matches: [`${month}/2 session_id`], breaks: [] })
  })
})

/** Runs that wait for somebody's lock. Asked outside of transactions, which see one picture of the activity only. */
const waiting = (column: string) =>
  rowsOf(
    scene.database,
    `SELECT ${column} FROM pg_stat_activity WHERE datname = current_database()
     AND application_name = '${SESSION_NAME}' AND wait_event_type = 'Lock'`,
  )

describe('a run', () => {
  const aDayOf = async (count: number) => {
    // What is missing was sent so near to the end of the statement that it may not have it; the next day's does not, either.
    const near = new Date(DAY.to.getTime() - 600_000)
    const orders = Array.from({ length: count }, (_, n) => aRecordedOrder(n < 3 ? { intentAt: near } : {}))
    const doubts = Array.from({ length: 5 }, () =>
      aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null, phoneNumber: '081299900001' }),
    )
    await recordOrders(scene.databaseUrl, [...orders, ...doubts])
    await recordStatement(
      scene.databaseUrl,
      orders.slice(3).map((order) => lineOf(order)),
    )
    const next = { from: DAY.to, to: new Date(DAY.to.getTime() + 86_400_000) }
    await recordStatement(scene.databaseUrl, [], { period: next })
  }

  it('of one day gives no line away that may be an order’s of the next day, by our clock', async () => {
    const at = (minute: number) => new Date(DAY.to.getTime() + minute * 60_000)
    const sell = { kind: 'sell', sessionId: null } as const
    const doubt = aRecordedOrder({ ...sell, outcome: 'in_doubt', responseId: null, intentAt: at(-5) })
    const executed = aRecordedOrder({ ...sell, intentAt: at(1) })
    await recordOrders(scene.databaseUrl, [doubt, executed])
    const line = lineOf(executed, { responseId: null, requestId: null, executedAt: at(-1) })
    await recordStatement(scene.databaseUrl, [line], { period: MONTH })
    await scene.run({ period: DAY })
    expect(await scene.outcome()).toMatchObject({
      rules: [],
      orders: ['in_doubt reply_lost', 'succeeded executed'],
      stays: ['candidate_unclear'],
    })
  })

  it('of one day settles no doubt by one line while another of the next day fits as well', async () => {
    const at = (minute: number) => new Date(DAY.to.getTime() + minute * 60_000)
    const doubt = aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null, intentAt: at(-5) })
    await recordOrders(scene.databaseUrl, [doubt])
    const lines = [-1, 1].map((minute) =>
      lineOf(doubt, { sessionId: `S${minute}`, requestId: null, executedAt: at(minute) }),
    )
    await recordStatement(scene.databaseUrl, lines, { period: MONTH })
    for (const period of [DAY, { from: DAY.to, to: MONTH.to }, MONTH]) {
      await scene.run({ period })
      expect(await scene.outcome()).toMatchObject({ rules: [], stays: ['candidate_unclear'] })
    }
  })

  it('that is dry tells what it would do and keeps nothing', async () => {
    await aDayOf(10)
    const before = await scene.outcome()
    const { counts } = await scene.run({ dryRun: true })
    expect(counts).toMatchObject({
      matched: { session_id: 7 },
      settled: { succeeded: 0, rejected: 5 },
      opened: { missing_at_gateway: 3 },
    })
    expect(await scene.outcome()).toEqual(before)
    expect(await rowsOf(scene.database, 'SELECT id FROM recon_runs')).toEqual([])
    expect((await scene.run()).counts).toEqual(counts)
  })

  it('is done once when two begin at the same time', async () => {
    await aDayOf(200)
    const [a, b] = await Promise.all([scene.run(), scene.run()])
    expect([a, b].map(({ counts }) => counts.matched.session_id ?? 0).sort()).toEqual([0, 197])
    expect([a, b].map(({ counts }) => counts.settled.rejected).sort()).toEqual([0, 5])
    expect((await scene.outcome()).breaks).toEqual(Array(3).fill('missing_at_gateway'))
    expect(await historyOf('missing_at_gateway')).toEqual(['found', 'found', 'found'])
  })

  it('whose connection is cut has done nothing, and the next does it all', async () => {
    await aDayOf(50)
    const before = await scene.outcome()
    const admin = new pg.Client(scene.databaseUrl)
    await admin.connect()
    // Holds a row that the run must have, so that it is cut in the middle and not after its end.
    await admin.query('BEGIN')
    await admin.query(`SELECT 1 FROM attempts WHERE outcome = 'in_doubt' FOR UPDATE`)
    const cut = scene.run().then(
      () => 'done',
      () => 'cut',
    )
    await eventually(async () => {
      const killed = await waiting('pg_terminate_backend(pid)')
      return killed.length > 0 ? true : null
    })
    await admin.query('ROLLBACK')
    await admin.end()
    expect(await cut).toBe('cut')
    expect(await scene.outcome()).toEqual(before)
    await scene.run()
    expect(await scene.outcome()).toMatchObject({ breaks: Array(3).fill('missing_at_gateway'), stays: [] })
  })

  it('leaves a doubt to the late reply that comes first', async () => {
    const doubt = aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null })
    await recordOrders(scene.databaseUrl, [doubt])
    await recordStatement(scene.databaseUrl, [])
    const worker = new pg.Client(scene.databaseUrl)
    await worker.connect()
    await worker.query('BEGIN')
    await worker.query(`
      WITH ended AS (
        UPDATE attempts SET outcome = 'succeeded', session_id = 'S', gold_weight = 0.5, amount = 441000, fee = 5000)
      UPDATE orders SET state = 'succeeded', reason = 'late_reply'`)
    const run = scene.run()
    await eventually(async () => ((await waiting('pid')).length > 0 ? true : null))
    await worker.query('COMMIT')
    await worker.end()
    await run
    expect(await scene.outcome()).toMatchObject({ orders: ['succeeded late_reply'] })
    expect(await rowsOf(scene.database, 'SELECT 1 AS one FROM doubt_evidence')).toEqual([])
  })
})

describe('Postgres', () => {
  const constraintOf = (text: string) =>
    sql(scene.databaseUrl, text).then(
      () => 'accepted',
      (error: { constraint: string | null }) => error.constraint,
    )

  it('settles no doubt by a statement without its evidence', async () => {
    await recordOrders(scene.databaseUrl, [
      aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null }),
    ])
    for (const [state, reason] of [
      ['succeeded', 'found_in_statement'],
      ['rejected', 'not_executed'],
    ])
      expect(await constraintOf(`UPDATE orders SET state = '${state}', reason = '${reason}'`)).toBe(
        'doubt_has_evidence',
      )
  })

  it('keeps statements, lines, matches, evidence, breaks and their events', async () => {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    await recordStatement(scene.databaseUrl, [lineOf(order, { fee: 1 })])
    await scene.run()
    const tables = [
      'statements',
      'statement_lines',
      'statement_matches',
      'breaks',
      'break_events',
      'statement_mappings',
    ]
    for (const table of tables) expect(await constraintOf(`DELETE FROM ${table}`), table).toBe('append_only')
    expect(await constraintOf('UPDATE statement_lines SET amount = 1')).toBe('append_only')
    expect(await constraintOf(`UPDATE statements SET complete = false`)).toBe('statement_transition')
    expect(await constraintOf(`UPDATE statement_matches SET rule = 'terms'`)).toBe('match_transition')
    expect(await constraintOf(`UPDATE breaks SET type = 'late'`)).toBe('break_identity')
    expect(
      await constraintOf(`UPDATE breaks SET state = 'closed', closed_at = now(), reason = 'written_off'`),
    ).toBe('break_has_approval')
  })

  it('lets a break begin by being found, and a closed one change only by being found again', async () => {
    const order = aRecordedOrder()
    await recordOrders(scene.databaseUrl, [order])
    const wrong = await recordStatement(scene.databaseUrl, [lineOf(order, { fee: 1 })])
    await scene.run()
    const another = `INSERT INTO breaks SELECT (jsonb_populate_record(b, '{"id":999,"key":"x","reason":"changed"}')).* FROM breaks b`
    expect(await constraintOf(another)).toBe('break_transition')
    await recordStatement(scene.databaseUrl, [lineOf(order)], { replaces: [wrong] })
    await scene.run()
    const assign = `UPDATE breaks SET reason = 'assigned', owner = 'ani' WHERE state = 'closed'`
    expect(await constraintOf(assign)).toBe('break_transition')
  })

  it('lets no statement be complete that ends after it was imported', async () => {
    const period = { from: DAY.from, to: new Date(Date.now() + 3_600_000) }
    await expect(recordStatement(scene.databaseUrl, [], { period })).rejects.toThrow(/statements_complete/)
  })
})
