import { describe, expect, it } from 'vitest'
import {
  type CheckedAttempt,
  type CheckedOrder,
  checkLedger,
  LEDGER_RULES,
  type LedgerEntry,
  type LedgerRule,
} from '../../../src/dev/sandbox/ledger-check.ts'
import { WALLET } from '../../support/factories/job-data.ts'
import { grams, rupiah } from '../../support/servers/commands.ts'

const AT = new Date('2026-01-01T00:00:00Z')

const entry: LedgerEntry = {
  sessionId: 'S1',
  responseId: 'R1',
  requestId: 'Q1',
  type: 'buy',
  phoneNumber: WALLET,
  goldWeight: grams(0.5),
  amount: rupiah(441_000),
  fee: rupiah(5_000),
  executedAt: new Date(AT.getTime() + 10),
}

const attempt: CheckedAttempt = {
  quoteId: 'Q1',
  outcome: 'succeeded',
  intentAt: AT,
  responseId: 'R1',
  sessionId: 'S1',
  goldWeight: grams(0.5),
  amount: rupiah(441_000),
  fee: rupiah(5_000),
  message: 'Success',
}

const order = (overrides: Partial<CheckedOrder> = {}): CheckedOrder => ({
  orderId: 'O1',
  kind: 'buy',
  phoneNumber: WALLET,
  state: 'succeeded',
  reason: 'executed',
  attempts: [attempt],
  ...overrides,
})

const doubtful = { ...attempt, outcome: 'in_doubt', goldWeight: null, amount: null, fee: null } as const
const confirm = { type: 'buy', phoneNumber: WALLET, requestId: 'Q1' } as const

type Case = [what: string, orders: CheckedOrder[], ledger: LedgerEntry[], rules: LedgerRule[]]

const CASES: Case[] = [
  ['a succeeded order that was executed', [order()], [entry], []],
  ['an order in doubt that was executed', [order({ state: 'in_doubt', attempts: [doubtful] })], [entry], []],
  ['an order in doubt that was not executed', [order({ state: 'in_doubt', attempts: [doubtful] })], [], []],
  ['a rejected order that was not executed', [order({ state: 'rejected', attempts: [] })], [], []],
  ['an order executed twice', [order()], [entry, { ...entry, sessionId: 'S2' }], ['executed_at_most_once']],
  [
    'an order executed by two of its quotes',
    [order({ attempts: [{ ...attempt, outcome: 'in_doubt', quoteId: 'Q0' }, attempt] })],
    [{ ...entry, requestId: 'Q0' }, entry],
    ['executed_at_most_once', 'success_was_executed'],
  ],
  ['a success that the ledger does not know', [order()], [], ['success_was_executed']],
  ['another amount', [order()], [{ ...entry, amount: rupiah(441_001) }], ['success_was_executed']],
  ['another weight', [order()], [{ ...entry, goldWeight: grams(0.5001) }], ['success_was_executed']],
  ['another fee', [order()], [{ ...entry, fee: rupiah(0) }], ['success_was_executed']],
  ['another session_id', [order()], [{ ...entry, sessionId: 'S9' }], ['success_was_executed']],
  ['another response_id', [order()], [{ ...entry, responseId: 'R9' }], ['success_was_executed']],
  [
    'a success without a session_id',
    [order({ attempts: [{ ...attempt, sessionId: null }] })],
    [entry],
    ['success_was_executed'],
  ],
  [
    'a sell without a session_id',
    [order({ kind: 'sell', attempts: [{ ...attempt, sessionId: null }] })],
    [{ ...entry, type: 'sell' }],
    [],
  ],
  ...(['rejected', 'expired', 'cancelled'] as const).map(
    (state): Case => [
      `an executed order called ${state}`,
      [order({ state, attempts: [doubtful] })],
      [entry],
      ['failure_was_not_executed'],
    ],
  ),
  [
    'an execution before its intent',
    [order()],
    [{ ...entry, executedAt: new Date(AT.getTime() - 1) }],
    ['execution_has_an_intent'],
  ],
  ['an execution of no order', [], [entry], ['execution_has_an_intent']],
  [
    'an execution of another wallet',
    [order({ state: 'rejected', attempts: [doubtful] })],
    [{ ...entry, phoneNumber: '081234509999' }],
    ['execution_has_an_intent'],
  ],
  ...(['accepted', 'confirming', 'held'] as const).map(
    (state): Case => [`an order left ${state}`, [order({ state, attempts: [] })], [], ['nothing_left_open']],
  ),
]

describe('the check against the ledger', () => {
  it.each(CASES)('of %s', (_what, orders, ledger, rules) => {
    const violations = checkLedger(orders, { ledger, confirms: [confirm] }, () => true)
    expect(violations.map(({ rule }) => rule)).toEqual(rules)
  })

  it('of a doubt that no fault explains', () => {
    const orders = [order({ state: 'in_doubt', attempts: [doubtful] })]
    const violations = checkLedger(orders, { ledger: [], confirms: [] }, () => false)
    expect(violations.map(({ rule }) => rule)).toEqual(['doubt_is_explained'])
  })

  it('of a quote that was confirmed twice', () => {
    const violations = checkLedger([order()], { ledger: [entry], confirms: [confirm, confirm] }, () => true)
    expect(violations.map(({ rule }) => rule)).toEqual(['one_send_per_quote'])
  })

  it('has a case for every rule', () => {
    const tried = new Set<string>([
      ...CASES.flatMap(([, , , rules]) => rules),
      'doubt_is_explained',
      'one_send_per_quote',
    ])
    expect(tried).toEqual(new Set(Object.keys(LEDGER_RULES)))
  })
})
