import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CommandResult } from '../../src/operators/person-commands.ts'
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
beforeAll(async () => {
  scene = await openScene()
  people = peopleOf(scene.databaseUrl)
})
afterAll(async () => {
  await scene?.close()
})

const BLANK = ' \t'
const ALONE = 'NOBODY ELSE HAS LOOKED AT THIS'

/** Fee of the order 5,000, fee of its line 4,999. Incomplete, so that the doubts of other tests stay. */
async function aBreak(): Promise<{ breakId: number; order: RecordedOrder; statementId: number }> {
  const order = aRecordedOrder()
  await recordOrders(scene.databaseUrl, [order])
  const lines = [lineOf(order, { fee: 4_999 })]
  const statementId = await recordStatement(scene.databaseUrl, lines, { complete: false })
  await scene.run()
  const [row] = await rowsOf<{ id: number }>(
    scene.database,
    `SELECT id FROM breaks WHERE order_id = '${order.orderId}'`,
  )
  if (row === undefined) throw new Error('no break')
  return { breakId: row.id, order, statementId }
}

async function aDoubt(overrides: Partial<RecordedOrder> = {}): Promise<string> {
  const doubt = aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null, ...overrides })
  await recordOrders(scene.databaseUrl, [doubt])
  return doubt.orderId
}

/** Everything that people can change, as one value. */
async function everything() {
  const tables = ['breaks', 'break_events', 'proposals', 'orders', 'order_events', 'attempts']
  return await Promise.all(
    tables.map((name) =>
      rowsOf(scene.database, `SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM ${name} t`),
    ),
  )
}

async function expectRefused(step: () => Promise<CommandResult<object>>, message: RegExp) {
  const before = await everything()
  expect(await step()).toEqual({ is: 'refused', message: expect.stringMatching(message) })
  expect(await everything()).toEqual(before)
}

type BreakStep = (breakId: number) => Promise<CommandResult<object>>
const proposedBy = (by: string) => (breakId: number) => people.propose(breakId, { ...ANI, by })
const writtenOff = [proposedBy('ani'), (id: number) => people.approve(id, BUDI)]

const REFUSED_ON_BREAKS: [what: string, before: BreakStep[], step: BreakStep, message: RegExp][] = [
  ['to assign to nobody', [], (id) => people.assign(id, 'ani', BLANK), /to whom/],
  ['to assign by nobody', [], (id) => people.assign(id, '', 'budi'), /say who/],
  ['a note that says nothing', [], (id) => people.note(id, { by: 'ani', note: BLANK }), /say why/],
  ['a note of nobody', [], (id) => people.note(id, { by: BLANK, note: 'n' }), /say who/],
  ['to propose without a reason', [], (id) => people.propose(id, { by: 'ani', note: '' }), /say why/],
  ['to propose twice', [proposedBy('ani')], proposedBy('budi'), /a proposal already/],
  ['to approve what is not proposed', [], (id) => people.approve(id, BUDI), /nothing is proposed/],
  [
    'to approve without a reason',
    [proposedBy('ani')],
    (id) => people.approve(id, { by: 'budi', note: BLANK }),
    /say why/,
  ],
  ['to reject what is not proposed', [], (id) => people.reject(id, BUDI), /nothing is proposed/],
  [
    'to reject without a reason',
    [proposedBy('ani')],
    (id) => people.reject(id, { by: 'budi', note: '' }),
    /say why/,
  ],
  ...['ani', 'ANI', ' Ani ', 'a ni', 'ani\t', '\nani'].map((by): (typeof REFUSED_ON_BREAKS)[number] => [
    `to approve one's own, as ${JSON.stringify(by)}`,
    [proposedBy('ani')],
    (id) => people.approve(id, { ...BUDI, by }),
    /ani proposed it, so another person must approve it/,
  ]),
  [
    'to approve once more',
    writtenOff,
    (id) => people.approve(id, { ...BUDI, by: 'citra' }),
    /is closed \(written_off\)/,
  ],
  ['a note on a closed break', writtenOff, (id) => people.note(id, ANI), /is closed \(written_off\)/],
  ['to assign a closed break', writtenOff, (id) => people.assign(id, 'ani', 'budi'), /is closed/],
  ['to propose for a closed break', writtenOff, proposedBy('ani'), /is closed/],
  [
    'to approve what was rejected',
    [proposedBy('ani'), (id) => people.reject(id, BUDI)],
    (id) => people.approve(id, BUDI),
    /nothing is proposed/,
  ],
  [
    'a note on a break that is not there',
    [],
    () => people.note(99_999_999, ANI),
    /there is no break 99999999/,
  ],
]

describe('on a break it is refused', () => {
  it.each(REFUSED_ON_BREAKS)('%s', async (_what, before, step, message) => {
    const { breakId } = await aBreak()
    for (const each of before) expect(await each(breakId)).toMatchObject({ is: 'done' })
    await expectRefused(() => step(breakId), message)
  })
})

const DONE_ON_BREAKS: [what: string, steps: BreakStep[], state: string, history: string[]][] = [
  [
    'to be assigned, and to somebody else',
    [(id) => people.assign(id, 'ani', 'budi'), (id) => people.assign(id, 'budi', 'citra')],
    'open, of citra',
    ['assigned by person:ani, of budi', 'assigned by person:budi, of citra'],
  ],
  [
    'to be noted on, which keeps its owner',
    [(id) => people.assign(id, 'ani', 'budi'), (id) => people.note(id, BUDI)],
    'open, of budi',
    ['assigned by person:ani, of budi', 'noted by person:budi, of budi: seen too'],
  ],
  [
    'to be proposed by one and approved by another: it is written off',
    [proposedBy('ani'), (id) => people.approve(id, BUDI)],
    'closed, of nobody',
    [
      'proposed by person:ani, of nobody: looked it up',
      'written_off by person:budi, of nobody: seen too (proposed by ani: looked it up)',
    ],
  ],
  [
    'to be proposed and rejected: it stays open, and may be proposed again',
    [
      proposedBy('ani'),
      (id) => people.reject(id, BUDI),
      proposedBy('citra'),
      (id) => people.approve(id, ANI),
    ],
    'closed, of nobody',
    [
      'proposed by person:ani, of nobody: looked it up',
      'declined by person:budi, of nobody: seen too',
      'proposed by person:citra, of nobody: looked it up',
      'written_off by person:ani, of nobody: looked it up (proposed by citra: looked it up)',
    ],
  ],
  [
    "to be taken back by the proposal's own author",
    [proposedBy('ani'), (id) => people.reject(id, ANI)],
    'open, of nobody',
    ['proposed by person:ani, of nobody: looked it up', 'declined by person:ani, of nobody: looked it up'],
  ],
  [
    'to be written off by a team of one, which the audit says loudly',
    [proposedBy('ani'), (id) => people.approve(id, { by: ' ANI\t', note: 'sure' }, true)],
    'closed, of nobody',
    [
      'proposed by person:ani, of nobody: looked it up',
      `written_off by person: ANI\t, of nobody: sure (proposed by ani: looked it up) – ONE_PERSON is set: ${ALONE}`,
    ],
  ],
  [
    'to be written off by two people where one would do, which the audit does not shout about',
    [proposedBy('ani'), (id) => people.approve(id, BUDI, true)],
    'closed, of nobody',
    [
      'proposed by person:ani, of nobody: looked it up',
      'written_off by person:budi, of nobody: seen too (proposed by ani: looked it up)',
    ],
  ],
]

async function historyOf(breakId: number) {
  const [row] = await rowsOf<{ now: string }>(
    scene.database,
    `SELECT state || ', of ' || coalesce(owner, 'nobody') AS now FROM breaks WHERE id = ${breakId}`,
  )
  const events = await rowsOf<{ event: string }>(
    scene.database,
    `SELECT concat(reason, ' by ', actor, ', of ', coalesce(owner, 'nobody'), ': ' || note) AS event FROM break_events
     WHERE break_id = ${breakId} ORDER BY id`,
  )
  return { state: row?.now, history: events.map(({ event }) => event) }
}

describe('a break is', () => {
  it.each(DONE_ON_BREAKS)('%s', async (_what, steps, state, history) => {
    const { breakId } = await aBreak()
    for (const step of steps) expect(await step(breakId)).toMatchObject({ is: 'done' })
    const found = await historyOf(breakId)
    expect(found).toEqual({ state, history: [expect.stringMatching(/^found by person:test/), ...history] })
  })
})

describe('a proposal to write off', () => {
  it('no longer stands when the break becomes another difference: nobody approved that one', async () => {
    const { breakId, order, statementId } = await aBreak()
    await people.propose(breakId, ANI)
    await recordStatement(scene.databaseUrl, [lineOf(order, { fee: 0 })], {
      complete: false,
      replaces: [statementId],
    })
    await scene.run()
    await expectRefused(() => people.approve(breakId, BUDI), /nothing is proposed/)
    const { history } = await historyOf(breakId)
    expect(history.at(-1)).toMatch(/^changed .*: what ani proposed no longer stands$/)
  })

  it('no longer stands when data explains the break', async () => {
    const { breakId, order, statementId } = await aBreak()
    await people.propose(breakId, ANI)
    await recordStatement(scene.databaseUrl, [lineOf(order)], { complete: false, replaces: [statementId] })
    await scene.run()
    await expectRefused(() => people.approve(breakId, BUDI), /is closed \(explained\)/)
    expect(
      await rowsOf(scene.database, `SELECT state, decision_note FROM proposals WHERE break_id = ${breakId}`),
    ).toEqual([
      { state: 'declined', decision_note: expect.stringMatching(/^the break was explained, run \d+$/) },
    ])
  })

  it('that was approved does not write off what the break becomes when it is back', async () => {
    const { breakId, order, statementId } = await aBreak()
    await people.propose(breakId, ANI)
    await people.approve(breakId, BUDI)
    const replaced = { complete: false, replaces: [statementId] }
    await recordStatement(scene.databaseUrl, [lineOf(order, { fee: 0 })], replaced)
    await scene.run()
    expect(await historyOf(breakId)).toMatchObject({ state: 'open, of nobody' })
    await expectRefused(() => people.approve(breakId, BUDI), /nothing is proposed/)
  })
})

type DoubtStep = (orderId: string) => Promise<CommandResult<object>>
const executed = (sessionId: string) => (id: string) => people.resolve(id, ANI, { sessionId })
const notExecuted = (id: string) => people.resolve(id, ANI, null)
const resolved = [notExecuted, (id: string) => people.approveResolution(id, BUDI)]

/** An order that succeeded with these ids, or was rejected while a line of the statement is its execution. */
async function another(ids: { sessionId: string | null; responseId: string | null }): Promise<void> {
  await recordOrders(scene.databaseUrl, [aRecordedOrder({ kind: 'sell', ...ids })])
}
async function rejectedButInStatement(sessionId: string): Promise<void> {
  const order = aRecordedOrder({ outcome: 'rejected' })
  await recordOrders(scene.databaseUrl, [order])
  await recordStatement(scene.databaseUrl, [lineOf(order, { sessionId })], { complete: false })
  await scene.run()
}

interface RefusedDoubt {
  readonly order?: Partial<RecordedOrder>
  readonly given?: () => Promise<void>
  readonly before?: DoubtStep[]
  readonly step: DoubtStep
  readonly message: RegExp
}

const withdrawal = { kind: 'withdraw', goldWeight: '2', quotedAmount: null } as const

const REFUSED_ON_DOUBTS: Record<string, RefusedDoubt> = {
  'to resolve an order that succeeded': {
    order: { outcome: 'succeeded', sessionId: 'own', responseId: 'own' },
    step: notExecuted,
    message: /only an order in doubt can be resolved; this one is succeeded \(executed\)/,
  },
  'to resolve an order that is under way': {
    order: { outcome: 'intent' },
    step: executed('A'),
    message: /this one is confirming \(intent_committed\)/,
  },
  'to resolve an order that is not there': {
    step: () => notExecuted(randomUUID()),
    message: /there is no such order/,
  },
  'an execution without ids': {
    step: (id) => people.resolve(id, ANI, {}),
    message: /needs its session_id or its response_id/,
  },
  'an execution with an empty id': { step: executed(BLANK), message: /an id must not be empty/ },
  'an execution with an empty id beside a good one': {
    step: (id) => people.resolve(id, ANI, { sessionId: 'B', responseId: '' }),
    message: /an id must not be empty/,
  },
  'a session_id of another order': {
    given: () => another({ sessionId: 'taken', responseId: 'R-taken' }),
    step: executed('taken'),
    message: /that transaction is the one of order [0-9a-f-]{36}/,
  },
  'a response_id of another order, where that is all there is': {
    given: () => another({ sessionId: null, responseId: 'R-sell' }),
    step: (id) => people.resolve(id, ANI, { responseId: 'R-sell' }),
    message: /that transaction is the one of order/,
  },
  "a session_id whose line is another order's": {
    given: () => rejectedButInStatement('stated'),
    step: executed('stated'),
    message: /that transaction is the one of order/,
  },
  'a withdrawal without amounts': {
    order: withdrawal,
    step: executed('C'),
    message: /say --amount and --fee/,
  },
  'a withdrawal without its fee': {
    order: withdrawal,
    step: (id) => people.resolve(id, ANI, { sessionId: 'C', amount: 147_975 as never }),
    message: /say --amount and --fee/,
  },
  'to resolve without a reason': {
    step: (id) => people.resolve(id, { by: 'ani', note: BLANK }, null),
    message: /say why/,
  },
  'to resolve by nobody': {
    step: (id) => people.resolve(id, { by: '', note: 'n' }, null),
    message: /say who/,
  },
  'to resolve without evidence': {
    step: (id) => people.resolve(id, ANI, null, BLANK),
    message: /say where it was seen/,
  },
  'to resolve twice': { before: [notExecuted], step: executed('D'), message: /a proposal already/ },
  'to approve what is not proposed': {
    step: (id) => people.approveResolution(id, BUDI),
    message: /nothing is proposed for this order/,
  },
  'to decline what is not proposed': {
    step: (id) => people.declineResolution(id, BUDI),
    message: /nothing is proposed for this order/,
  },
  'to approve without a reason': {
    before: [notExecuted],
    step: (id) => people.approveResolution(id, { by: 'budi', note: '' }),
    message: /say why/,
  },
  'to decline without a reason': {
    before: [notExecuted],
    step: (id) => people.declineResolution(id, { by: 'budi', note: '' }),
    message: /say why/,
  },
  ...Object.fromEntries(
    ['ani', 'ANI', ' Ani ', 'a ni', 'ani\t'].map((by) => [
      `to approve one's own, as ${JSON.stringify(by)}`,
      {
        before: [notExecuted],
        step: (id: string) => people.approveResolution(id, { ...BUDI, by }),
        message: /ani proposed it, so another person must approve it/,
      },
    ]),
  ),
  'to approve what was approved': {
    before: resolved,
    step: (id) => people.approveResolution(id, { ...BUDI, by: 'citra' }),
    message: /only an order in doubt can be resolved; this one is rejected \(resolved_by_person\)/,
  },
  'to approve what was declined': {
    before: [notExecuted, (id) => people.declineResolution(id, BUDI)],
    step: (id) => people.approveResolution(id, BUDI),
    message: /nothing is proposed/,
  },
  'to approve a transaction that became another order’s meanwhile': {
    before: [
      executed('meanwhile'),
      () => another({ sessionId: 'meanwhile', responseId: 'M' }).then(() => ({ is: 'done' })),
    ],
    step: (id) => people.approveResolution(id, BUDI),
    message: /that transaction is the one of order/,
  },
}

describe('on a doubt it is refused', () => {
  it.each(Object.entries(REFUSED_ON_DOUBTS))(
    '%s',
    async (_what, { order, given, before = [], step, message }) => {
      await given?.()
      const orderId = await aDoubt(order)
      for (const each of before) expect(await each(orderId)).toMatchObject({ is: 'done' })
      await expectRefused(() => step(orderId), message)
    },
  )
})

interface DoneDoubt {
  readonly order?: Partial<RecordedOrder>
  readonly steps: DoubtStep[]
  readonly state: string
  readonly attempt: object
  readonly detail?: object
}

const audit = {
  proposal: expect.any(Number),
  proposed_by: 'ani',
  note: 'looked it up',
  evidence: 'a letter of 10 February',
  approved_by: 'budi',
  approval_note: 'seen too',
  attempt: 1,
}
const QUOTED = { gold_weight: '0.5000', amount: '441000', fee: '5000' }
const NOTHING = { session_id: null, response_id: null, gold_weight: null, amount: null, fee: null }

const DONE_ON_DOUBTS: Record<string, DoneDoubt> = {
  'as succeeded, on the terms of its quote': {
    steps: [executed('S-quoted'), (id) => people.approveResolution(id, BUDI)],
    state: 'succeeded resolved_by_person person:budi',
    attempt: { outcome: 'succeeded', session_id: 'S-quoted', response_id: null, ...QUOTED },
    detail: audit,
  },
  'as succeeded, on the terms that were proposed': {
    steps: [
      (id) =>
        people.resolve(id, ANI, {
          responseId: 'R-other',
          amount: 1 as never,
          fee: 0 as never,
          goldWeight: 7 as never,
        }),
      (id) => people.approveResolution(id, BUDI),
    ],
    state: 'succeeded resolved_by_person person:budi',
    attempt: { session_id: null, response_id: 'R-other', gold_weight: '0.0007', amount: '1', fee: '0' },
    detail: audit,
  },
  'as succeeded, a withdrawal with its amounts': {
    order: withdrawal,
    steps: [
      (id) => people.resolve(id, ANI, { sessionId: 'S-bar', amount: 147_975 as never, fee: 0 as never }),
      (id) => people.approveResolution(id, BUDI),
    ],
    state: 'succeeded resolved_by_person person:budi',
    attempt: { session_id: 'S-bar', gold_weight: '2.0000', amount: '147975', fee: '0' },
    detail: audit,
  },
  'as not executed': {
    steps: resolved,
    state: 'rejected resolved_by_person person:budi',
    attempt: { outcome: 'rejected', ...NOTHING },
    detail: audit,
  },
  'by the second proposal after the first was declined': {
    steps: [executed('wrong'), (id) => people.declineResolution(id, BUDI), ...resolved],
    state: 'rejected resolved_by_person person:budi',
    attempt: { outcome: 'rejected', ...NOTHING },
    detail: audit,
  },
  'by a team of one, which the audit says loudly': {
    steps: [notExecuted, (id) => people.approveResolution(id, { by: 'Ani', note: 'sure' }, true)],
    state: 'rejected resolved_by_person person:Ani',
    attempt: { outcome: 'rejected' },
    detail: {
      ...audit,
      approved_by: 'Ani',
      approval_note: 'sure',
      alone: expect.stringContaining(ALONE),
    },
  },
  'not yet: what is proposed changes nothing': {
    steps: [executed('S-proposed')],
    state: 'in_doubt reply_lost test',
    attempt: { outcome: 'in_doubt', ...NOTHING },
  },
  'not at all when it is declined': {
    steps: [executed('S-declined'), (id) => people.declineResolution(id, BUDI)],
    state: 'in_doubt reply_lost test',
    attempt: { outcome: 'in_doubt', ...NOTHING },
  },
}

describe('a doubt is resolved', () => {
  it.each(Object.entries(DONE_ON_DOUBTS))('%s', async (_what, { order, steps, state, attempt, detail }) => {
    const orderId = await aDoubt(order)
    for (const step of steps) expect(await step(orderId)).toMatchObject({ is: 'done' })
    const [found] = await rowsOf<{ state: string; detail: object | null }>(
      scene.database,
      `SELECT concat_ws(' ', to_state, reason, actor) AS state, detail FROM order_events
       WHERE order_id = '${orderId}' ORDER BY id DESC LIMIT 1`,
    )
    expect(found?.state).toBe(state)
    if (detail !== undefined) expect(found?.detail).toEqual(detail)
    const [ended] = await rowsOf(scene.database, `SELECT * FROM attempts WHERE order_id = '${orderId}'`)
    expect(ended).toMatchObject(attempt)
  })
})
