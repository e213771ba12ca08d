import { describe, expect, it } from 'vitest'
import { RECIPIENT } from '../support/factories/job-data.ts'
import {
  aRecordedOrder,
  DAY,
  lineOf,
  NOON,
  type RecordedLine,
  type RecordedOrder,
  recordOrders,
  recordStatement,
} from '../support/factories/recorded-orders.ts'
import { openScene } from '../support/scenes/recon-scene.ts'

const minutes = (count: number) => new Date(NOON.getTime() + count * 60_000)
const noIds = { sessionId: null, responseId: null, requestId: null }

interface Case {
  readonly orders: RecordedOrder[]
  readonly lines: (orders: readonly [RecordedOrder, ...RecordedOrder[]]) => RecordedLine[]
  readonly complete?: boolean
  readonly period?: { from: Date; to: Date }
  readonly rules?: string[]
  readonly breaks?: string[]
  readonly states?: string[]
  readonly stays?: string[]
}

const success = aRecordedOrder
const doubt = (overrides: Partial<RecordedOrder> = {}) =>
  aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null, ...overrides })
const sell = (overrides: Partial<RecordedOrder> = {}) =>
  aRecordedOrder({ kind: 'sell', sessionId: null, ...overrides })
const executed = (order: RecordedOrder, overrides: Partial<RecordedLine> = {}) =>
  lineOf(order, { sessionId: `X${order.quoteId}`, responseId: `Y${order.quoteId}`, ...overrides })

const MATCHES: Record<string, Case> = {
  'a session_id is enough, whatever the other ids say': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, { responseId: 'other', requestId: 'other' })],
    rules: ['session_id'],
  },
  'a sell without a session_id is matched by its response_id': {
    orders: [sell()],
    lines: ([a]) => [lineOf(a, { sessionId: 'S' })],
    rules: ['response_id'],
  },
  'a response_id does not match against two session_ids that differ': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, { sessionId: 'other', requestId: null })],
    breaks: ['missing_at_gateway', 'missing_here'],
  },
  'a request_id with its wallet is enough': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, { sessionId: null, responseId: null })],
    rules: ['request_id'],
  },
  'a wallet written 62… is the same wallet': {
    orders: [success({ phoneNumber: '081234500001' })],
    lines: ([a]) => [lineOf(a, { sessionId: null, responseId: null, phoneNumber: '6281234500001' })],
    rules: ['request_id'],
  },
  'a request_id of another wallet is none': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, { sessionId: null, responseId: null, phoneNumber: RECIPIENT })],
    breaks: ['missing_at_gateway', 'missing_here'],
  },
  'a request_id of another kind is none: kinds number their quotes for themselves': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, { sessionId: null, responseId: null, kind: 'withdraw' })],
    breaks: ['missing_at_gateway', 'missing_here'],
  },
  'a sell is matched by its terms when its line has no ids': {
    orders: [sell()],
    lines: ([a]) => [lineOf(a, noIds)],
    rules: ['terms'],
  },
  'a buy that succeeded is not matched by its terms': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, noIds)],
    breaks: ['missing_at_gateway', 'missing_here'],
  },
  'two sells of the same terms and one line: nobody can tell whose': {
    orders: [sell(), sell({ intentAt: minutes(1) })],
    lines: ([a]) => [lineOf(a, noIds)],
    breaks: ['missing_at_gateway', 'missing_at_gateway', 'missing_here'],
  },
  'one sell and two lines of the same terms: nobody can tell which': {
    orders: [sell()],
    lines: ([a]) => [lineOf(a, noIds), lineOf(a, { ...noIds, executedAt: minutes(1) })],
    breaks: ['missing_at_gateway', 'missing_here', 'missing_here'],
  },
  'terms match only within the time the order was under way': {
    orders: [sell()],
    lines: ([a]) => [lineOf(a, { ...noIds, executedAt: minutes(90) })],
    breaks: ['missing_at_gateway', 'missing_here'],
  },
  'terms match only while no id contradicts': {
    orders: [sell()],
    lines: ([a]) => [lineOf(a, { ...noIds, requestId: 'other' })],
    breaks: ['missing_at_gateway', 'missing_here'],
  },
}

const BREAKS: Record<string, Case> = {
  'an order whose line is missing from a complete statement': {
    orders: [success()],
    lines: () => [],
    breaks: ['missing_at_gateway'],
  },
  'no order is missing as long as no complete statement says so': {
    orders: [success()],
    lines: () => [],
    complete: false,
  },
  'no order is missing whose time the statement does not cover to the end': {
    orders: [success()],
    lines: () => [],
    period: { from: DAY.from, to: minutes(59) },
  },
  'a line that belongs to nobody': {
    orders: [],
    lines: () => [lineOf(aRecordedOrder())],
    breaks: ['missing_here'],
  },
  'another amount': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, { amount: 441_001 })],
    rules: ['session_id'],
    breaks: ['amount_differs'],
  },
  'another weight': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, { goldWeight: '0.5001' })],
    rules: ['session_id'],
    breaks: ['weight_differs'],
  },
  'another fee': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, { fee: 4_999 })],
    rules: ['session_id'],
    breaks: ['fee_differs'],
  },
  'no fee is no difference': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, { fee: null })],
    rules: ['session_id'],
  },
  'another wallet': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, { phoneNumber: RECIPIENT })],
    rules: ['session_id'],
    breaks: ['wallet_differs'],
  },
  'another kind': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, { kind: 'sell' })],
    rules: ['session_id'],
    breaks: ['kind_differs'],
  },
  'several differences at once': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, { kind: 'sell', amount: 1, goldWeight: '9', fee: 0 })],
    rules: ['session_id'],
    breaks: ['amount_differs', 'fee_differs', 'kind_differs', 'weight_differs'],
  },
  'the same session_id on two lines': {
    orders: [success()],
    lines: ([a]) => [lineOf(a), lineOf(a)],
    rules: ['session_id'],
    breaks: ['duplicate_session'],
  },
  'the same session_id twice, of a sell that does not know it: no second execution': {
    orders: [sell()],
    lines: ([a]) => [lineOf(a, { sessionId: 'S' }), lineOf(a, { sessionId: 'S' })],
    rules: ['response_id'],
    breaks: ['duplicate_session'],
  },
  'the same session_id twice, of an order that was rejected': {
    orders: [aRecordedOrder({ outcome: 'rejected' })],
    lines: ([a]) => [lineOf(a), lineOf(a)],
    rules: ['request_id'],
    breaks: ['duplicate_session', 'state_conflict'],
  },
  'the same unknown session_id on three lines': {
    orders: [],
    lines: () => {
      const line = lineOf(aRecordedOrder())
      return [line, line, line]
    },
    breaks: ['duplicate_session', 'duplicate_session', 'missing_here'],
  },
  'one quote executed twice': {
    orders: [success()],
    lines: ([a]) => [lineOf(a), lineOf(a, { sessionId: 'second', responseId: 'second' })],
    rules: ['session_id'],
    breaks: ['executed_twice'],
  },
  'an order that was rejected, and executed': {
    orders: [aRecordedOrder({ outcome: 'rejected' })],
    lines: ([a]) => [lineOf(a)],
    rules: ['request_id'],
    breaks: ['state_conflict'],
  },
  'an attempt that met a price change, and was executed': {
    orders: [aRecordedOrder({ outcome: 'price_changed' })],
    lines: ([a]) => [lineOf(a)],
    rules: ['request_id'],
    breaks: ['state_conflict'],
  },
  'executed long after its attempt ended': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, { executedAt: minutes(70) })],
    rules: ['session_id'],
    breaks: ['late'],
  },
  'executed before its intent': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, { executedAt: minutes(-6) })],
    rules: ['session_id'],
    breaks: ['late'],
  },
  'clocks that differ by minutes are none': {
    orders: [success()],
    lines: ([a]) => [lineOf(a, { executedAt: minutes(-4) })],
    rules: ['session_id'],
  },
  'an order that is still under way is none': {
    orders: [aRecordedOrder({ outcome: 'intent', sessionId: null, responseId: null })],
    lines: ([a]) => [executed(a)],
    rules: ['request_id'],
    states: ['confirming intent_committed'],
  },
}

const DOUBTS: Record<string, Case> = {
  'its line settles it as succeeded': {
    orders: [doubt()],
    lines: ([a]) => [executed(a)],
    rules: ['request_id'],
    states: ['succeeded found_in_statement'],
  },
  'its line settles it with the terms of the statement, and the difference is a break': {
    orders: [doubt()],
    lines: ([a]) => [executed(a, { amount: 442_000, goldWeight: '0.6' })],
    rules: ['request_id'],
    states: ['succeeded found_in_statement'],
    breaks: ['amount_differs', 'weight_differs'],
  },
  'its line settles it also without request_id, by its terms': {
    orders: [doubt()],
    lines: ([a]) => [executed(a, { requestId: null })],
    rules: ['terms'],
    states: ['succeeded found_in_statement'],
  },
  'a withdrawal is found by its bar, its price was not known': {
    orders: [doubt({ kind: 'withdraw', quotedAmount: null, goldWeight: '2' })],
    lines: ([a]) => [executed(a, { requestId: null, amount: 147_975 })],
    rules: ['terms'],
    states: ['succeeded found_in_statement'],
  },
  'a line without session_id and response_id proves it, but cannot be recorded': {
    orders: [doubt()],
    lines: ([a]) => [lineOf(a, { sessionId: null, responseId: null })],
    rules: ['request_id'],
    states: ['in_doubt reply_lost'],
    stays: ['candidate_unclear'],
  },
  "a line with another order's session_id is not its execution, though it has its request_id": {
    orders: [doubt(), success({ intentAt: minutes(1) })],
    lines: ([a, b]) => (b === undefined ? [] : [lineOf(b), executed(a, { sessionId: b.sessionId })]),
    rules: ['session_id'],
    states: ['in_doubt reply_lost', 'succeeded executed'],
    stays: ['candidate_unclear'],
    breaks: ['duplicate_session'],
  },
  "a line with another order's response_id is not its execution, though its session_id is its own": {
    orders: [doubt(), success({ intentAt: minutes(1) })],
    lines: ([a, b]) => (b === undefined ? [] : [lineOf(b), executed(a, { responseId: b.responseId })]),
    rules: ['session_id', 'request_id'],
    states: ['in_doubt reply_lost', 'succeeded executed'],
    stays: ['candidate_unclear'],
  },
  'a complete statement without it, that has what else we know, settles it as not executed': {
    orders: [doubt(), success({ phoneNumber: RECIPIENT, intentAt: minutes(-60) })],
    lines: ([, b]) => (b === undefined ? [] : [lineOf(b)]),
    rules: ['session_id'],
    states: ['succeeded executed', 'rejected not_executed'],
  },
  'an incomplete statement proves nothing': {
    orders: [doubt()],
    lines: () => [],
    complete: false,
    states: ['in_doubt reply_lost'],
    stays: ['awaiting_statement'],
  },
  'a statement that ends before the gateway can have been late proves nothing': {
    orders: [doubt()],
    lines: () => [],
    period: { from: DAY.from, to: minutes(60) },
    states: ['in_doubt reply_lost'],
    stays: ['awaiting_statement'],
  },
  'a statement that begins after the send proves nothing': {
    orders: [doubt()],
    lines: () => [],
    period: { from: NOON, to: DAY.to },
    states: ['in_doubt reply_lost'],
    stays: ['awaiting_statement'],
  },
  'a line of its wallet and kind that nobody else owns may be it, whatever its terms': {
    orders: [doubt()],
    lines: ([a]) => [executed(a, { requestId: 'other', amount: 1, goldWeight: '7' })],
    states: ['in_doubt reply_lost'],
    stays: ['candidate_unclear'],
    breaks: ['missing_here'],
  },
  'a line of its request_id under another wallet may be it': {
    orders: [doubt()],
    lines: ([a]) => [executed(a, { phoneNumber: RECIPIENT })],
    states: ['in_doubt reply_lost'],
    stays: ['candidate_unclear'],
    breaks: ['missing_here'],
  },
  "a line that belongs to another of the wallet's orders is not it": {
    orders: [doubt(), success({ intentAt: minutes(1) })],
    lines: ([, b]) => (b === undefined ? [] : [lineOf(b)]),
    rules: ['session_id'],
    states: ['rejected not_executed', 'succeeded executed'],
  },
  'two doubts of the same terms and one line without ids: both stay': {
    orders: [doubt(), doubt({ intentAt: minutes(1) })],
    lines: ([a]) => [lineOf(a, { ...noIds, responseId: 'R' })],
    states: ['in_doubt reply_lost', 'in_doubt reply_lost'],
    stays: ['candidate_unclear', 'candidate_unclear'],
    breaks: ['missing_here'],
  },
  'a doubt and a success without line of the same terms and one line without ids: it stays': {
    orders: [doubt(), success({ intentAt: minutes(1), sessionId: null })],
    lines: ([a]) => [lineOf(a, { ...noIds, sessionId: 'S' })],
    states: ['in_doubt reply_lost', 'succeeded executed'],
    stays: ['candidate_unclear'],
    breaks: ['missing_at_gateway', 'missing_here'],
  },
}

describe.each([
  ['a match', MATCHES],
  ['a break', BREAKS],
  ['a doubt', DOUBTS],
])('%s', (_what, cases) => {
  it.concurrent.each(Object.entries(cases))('%s', async (_name, given) => {
    const scene = await openScene()
    try {
      const { orders, lines, rules = [], breaks = [], states, stays = [] } = given
      await recordOrders(scene.databaseUrl, orders)
      const { complete = true, period = DAY } = given
      const recorded = lines(orders as unknown as [RecordedOrder, ...RecordedOrder[]])
      await recordStatement(scene.databaseUrl, recorded, { complete, period })
      await scene.run({ period: DAY })
      const outcome = await scene.outcome()
      expect(outcome).toMatchObject({ rules, breaks, stays })
      if (states !== undefined) expect(outcome.orders).toEqual(states)
      // Once more changes nothing.
      await scene.run({ period: DAY })
      expect(await scene.outcome()).toEqual(outcome)
    } finally {
      await scene.close()
    }
  })
})
