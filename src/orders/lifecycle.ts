import { DOUBTS, REFUSALS } from './outcomes.ts'

/** The states of an order. `docs/lifecycle.md` draws them. */
export const ORDER_STATES = [
  'accepted',
  'confirming',
  'succeeded',
  'rejected',
  'expired',
  'cancelled',
  'in_doubt',
  'held',
] as const
export type OrderState = (typeof ORDER_STATES)[number]

/** States nothing leads out of. */
export const FINAL_STATES = ['succeeded', 'rejected', 'expired', 'cancelled'] as const
export type FinalState = (typeof FINAL_STATES)[number]

export function isFinal(state: OrderState): state is FinalState {
  return (FINAL_STATES as readonly OrderState[]).includes(state)
}

/** The states of an attempt: `intent` from the moment the worker has committed itself to sending its confirm. */
export const ATTEMPT_OUTCOMES = [
  'intent',
  'succeeded',
  'price_changed',
  'rejected',
  'not_sent',
  'in_doubt',
] as const
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number]

/** One legal move of an order, and the reasons that may be given for it. `from: null` is the order's creation. */
export interface Transition {
  readonly from: OrderState | null
  readonly to: OrderState
  readonly reasons: readonly string[]
}

/**
 * Every legal move. The function `order_transitions()` in Postgres lists the same and a trigger refuses all others; a test
 * keeps the two equal.
 */
export const TRANSITIONS = {
  submit: { from: null, to: 'accepted', reasons: ['submitted'] },
  commitIntent: { from: 'accepted', to: 'confirming', reasons: ['intent_committed'] },
  takeNewQuote: { from: 'confirming', to: 'accepted', reasons: ['price_changed', 'not_sent'] },
  succeed: { from: 'confirming', to: 'succeeded', reasons: ['executed'] },
  reject: { from: 'confirming', to: 'rejected', reasons: REFUSALS },
  doubt: { from: 'confirming', to: 'in_doubt', reasons: DOUBTS },
  refuse: {
    from: 'accepted',
    to: 'rejected',
    reasons: [...REFUSALS, 'refused_at_checkout', 'price_limit', 'fee_limit'],
  },
  expire: { from: 'accepted', to: 'expired', reasons: ['deadline_passed'] },
  cancel: { from: 'accepted', to: 'cancelled', reasons: ['cancel_requested'] },
  hold: { from: 'accepted', to: 'held', reasons: ['held_by_person', 'executed_at_checkout', 'restored'] },
  release: { from: 'held', to: 'accepted', reasons: ['released_by_person', 'restored_released'] },
  settleAsSucceeded: {
    from: 'in_doubt',
    to: 'succeeded',
    reasons: ['late_reply', 'found_in_statement', 'resolved_by_person'],
  },
  settleAsRejected: {
    from: 'in_doubt',
    to: 'rejected',
    reasons: ['late_reply', 'not_executed', 'resolved_by_person'],
  },
} as const satisfies Record<string, Transition>

export type Move = keyof typeof TRANSITIONS

/** The reasons a move may carry. */
export type ReasonFor<M extends Move> = (typeof TRANSITIONS)[M]['reasons'][number]

/** Every legal move of an attempt. Only evidence leads out of doubt, and only to an end. */
export const ATTEMPT_TRANSITIONS = [
  { from: 'intent', to: 'succeeded' },
  { from: 'intent', to: 'price_changed' },
  { from: 'intent', to: 'rejected' },
  { from: 'intent', to: 'not_sent' },
  { from: 'intent', to: 'in_doubt' },
  { from: 'in_doubt', to: 'succeeded' },
  { from: 'in_doubt', to: 'rejected' },
] as const satisfies readonly { from: AttemptOutcome; to: AttemptOutcome }[]

/** What a worker does with an order it has picked up. */
export type PickUp = 'run' | 'leave' | 'mark_overdue' | 'nothing_to_do'

/**
 * Decides from the order's state alone what a worker may do: never from what the job says.
 * @param intentAgeMs age of the intent of an order that is `confirming`
 * @param sendDeadlineMs age after which nobody can still be about to send that confirm, or be waiting for its reply
 */
export function pickUp(state: OrderState, intentAgeMs: number | null, sendDeadlineMs: number): PickUp {
  switch (state) {
    case 'accepted':
      return 'run'
    case 'confirming':
      return intentAgeMs !== null && intentAgeMs > sendDeadlineMs ? 'mark_overdue' : 'leave'
    case 'in_doubt':
    case 'held':
    case 'succeeded':
    case 'rejected':
    case 'expired':
    case 'cancelled':
      return 'nothing_to_do'
  }
}
