import { formatGrams, type GoldWeight, type Rupiah } from '../../core/money.ts'
import type { OrderKind } from '../../orders/command.ts'
import { type AttemptOutcome, isFinal, type OrderState } from '../../orders/lifecycle.ts'

/** An order and its attempts as Postgres has them. */
export interface CheckedOrder {
  readonly orderId: string
  readonly kind: OrderKind
  readonly phoneNumber: string
  readonly state: OrderState
  readonly reason: string
  readonly attempts: readonly CheckedAttempt[]
}

export interface CheckedAttempt {
  readonly quoteId: string
  readonly outcome: AttemptOutcome
  readonly intentAt: Date
  readonly responseId: string | null
  readonly sessionId: string | null
  readonly goldWeight: GoldWeight | null
  readonly amount: Rupiah | null
  readonly fee: Rupiah | null
  /** The gateway's message, or the transport's error. */
  readonly message: string | null
}

/** A transaction in the gateway's ledger. */
export interface LedgerEntry {
  readonly sessionId: string
  readonly responseId: string
  readonly requestId: string
  readonly type: OrderKind
  readonly phoneNumber: string
  readonly goldWeight: GoldWeight
  readonly amount: Rupiah
  readonly fee: Rupiah
  readonly executedAt: Date
}

/** What must hold between orders and the gateway's ledger, whatever went wrong. */
export const LEDGER_RULES = {
  one_send_per_quote: 'no quote was confirmed more than once',
  executed_at_most_once: 'no order was executed more than once',
  success_was_executed: 'a succeeded order was executed, with equal weight, amount, fee and ids',
  failure_was_not_executed: 'a rejected, expired or cancelled order was never executed',
  doubt_is_explained: 'every order in doubt met a fault',
  execution_has_an_intent: 'every executed transaction has an earlier intent',
  nothing_left_open: 'no order is left accepted, confirming or held',
} as const
export type LedgerRule = keyof typeof LEDGER_RULES

export interface Violation {
  readonly rule: LedgerRule
  /** The order, or null for a transaction that belongs to none. */
  readonly orderId: string | null
  readonly what: string
}

/** What the gateway has recorded. */
export interface GatewaySide {
  readonly ledger: readonly LedgerEntry[]
  /** Every confirm that arrived, executed or not. */
  readonly confirms: readonly {
    readonly type: OrderKind
    readonly phoneNumber: string
    readonly requestId: string
  }[]
}

/**
 * Compares orders with the gateway's ledger.
 * @param isExplained whether a fault that was injected explains why this order is in doubt
 * @returns every violation; none means that no order was lost or doubled
 */
export function checkLedger(
  orders: readonly CheckedOrder[],
  { ledger, confirms }: GatewaySide,
  isExplained: (order: CheckedOrder) => boolean,
): Violation[] {
  const entries = byQuote(ledger)
  const violations = sentTwice(confirms)
  violations.push(...orders.flatMap((order) => checkOrder(order, entries, isExplained)))
  const intents = new Set(
    orders.flatMap((order) => order.attempts.map(({ quoteId }) => keyOf(order, quoteId))),
  )
  for (const [key, [entry]] of entries)
    if (entry !== undefined && !intents.has(key))
      violations.push({
        rule: 'execution_has_an_intent',
        orderId: null,
        what: `session ${entry.sessionId} was executed without an intent`,
      })
  return violations
}

function sentTwice(confirms: GatewaySide['confirms']): Violation[] {
  const sent = new Set<string>()
  const violations: Violation[] = []
  for (const { type, phoneNumber, requestId } of confirms) {
    const key = quoteKey(type, phoneNumber, requestId)
    if (sent.has(key))
      violations.push({
        rule: 'one_send_per_quote',
        orderId: null,
        what: `quote ${requestId} was confirmed again`,
      })
    sent.add(key)
  }
  return violations
}

type Entries = ReadonlyMap<string, readonly LedgerEntry[]>

function byQuote(ledger: readonly LedgerEntry[]): Entries {
  const entries = new Map<string, LedgerEntry[]>()
  for (const entry of ledger) {
    const key = quoteKey(entry.type, entry.phoneNumber, entry.requestId)
    const same = entries.get(key)
    if (same === undefined) entries.set(key, [entry])
    else same.push(entry)
  }
  return entries
}

function checkOrder(
  order: CheckedOrder,
  entries: Entries,
  isExplained: (order: CheckedOrder) => boolean,
): Violation[] {
  const executions = order.attempts.flatMap((attempt) =>
    (entries.get(keyOf(order, attempt.quoteId)) ?? []).map((entry) => ({ attempt, entry })),
  )
  const found: Violation[] = []
  const violated = (rule: LedgerRule, what: string) => found.push({ rule, orderId: order.orderId, what })
  if (executions.length > 1) violated('executed_at_most_once', `executed ${executions.length} times`)
  for (const { attempt, entry } of executions)
    if (attempt.intentAt > entry.executedAt)
      violated('execution_has_an_intent', `executed before its intent: session ${entry.sessionId}`)
  const [execution] = executions
  if (order.state === 'succeeded') {
    const difference = differenceOf(order, execution?.entry ?? null)
    if (difference !== null) violated('success_was_executed', difference)
  } else if (isFinal(order.state)) {
    if (execution !== undefined)
      violated(
        'failure_was_not_executed',
        `${order.state}, but session ${execution.entry.sessionId} was executed`,
      )
  } else if (order.state === 'in_doubt') {
    if (!isExplained(order))
      violated(
        'doubt_is_explained',
        `in doubt (${order.reason}) without a fault: ${order.attempts.at(-1)?.message ?? ''}`,
      )
  } else {
    violated('nothing_left_open', `left ${order.state}`)
  }
  return found
}

/** What differs between a succeeded order and the transaction it was executed in; null when nothing does. */
function differenceOf({ attempts }: CheckedOrder, entry: LedgerEntry | null): string | null {
  if (entry === null) return 'succeeded, but the ledger has no such transaction'
  const ours = attempts.find(({ outcome }) => outcome === 'succeeded')
  if (ours === undefined) return 'succeeded without a succeeded attempt'
  if (ours.quoteId !== entry.requestId) return 'executed by another attempt than the succeeded one'
  if (ours.goldWeight !== entry.goldWeight)
    return `weight ${ours.goldWeight === null ? 'none' : formatGrams(ours.goldWeight)} ≠ ${formatGrams(entry.goldWeight)}`
  if (ours.amount !== entry.amount) return `amount ${ours.amount} ≠ ${entry.amount}`
  if (ours.fee !== entry.fee) return `fee ${ours.fee} ≠ ${entry.fee}`
  if (ours.responseId !== entry.responseId) return `response_id ${ours.responseId} ≠ ${entry.responseId}`
  // A documented sell reply has no session_id.
  if (ours.sessionId !== null && ours.sessionId !== entry.sessionId)
    return `session_id ${ours.sessionId} ≠ ${entry.sessionId}`
  if (ours.sessionId === null && entry.type !== 'sell') return 'no session_id'
  return null
}

function keyOf(order: CheckedOrder, quoteId: string): string {
  return quoteKey(order.kind, order.phoneNumber, quoteId)
}

/** A quote belongs to one wallet and kind. */
export function quoteKey(kind: OrderKind, phoneNumber: string, quoteId: string): string {
  return `${kind} ${phoneNumber} ${quoteId}`
}
