/** The closed lists of reconciliation. Checks in Postgres have the same lists; a test holds them equal. */

/** The rules of matching, strongest first. `docs/reconciliation.md` explains each. */
export const MATCH_RULES = ['session_id', 'response_id', 'request_id', 'terms'] as const
export type MatchRule = (typeof MATCH_RULES)[number]

/** Differences between statements and orders that a person must look at, and within how many hours. */
export const BREAK_TYPES = {
  missing_at_gateway: { dueHours: 24, means: 'an order succeeded, and complete statements do not have it' },
  missing_here: { dueHours: 24, means: 'the statement has a transaction that belongs to no order' },
  amount_differs: { dueHours: 24, means: 'the rupiah of statement and order differ' },
  weight_differs: { dueHours: 24, means: 'the grams of statement and order differ' },
  fee_differs: { dueHours: 72, means: 'the fees of statement and order differ' },
  wallet_differs: { dueHours: 8, means: 'the statement names another wallet than the order' },
  kind_differs: { dueHours: 8, means: 'the statement names another kind than the order' },
  duplicate_session: { dueHours: 24, means: 'a session_id is on more than one line' },
  executed_twice: { dueHours: 4, means: 'the gateway executed one order more than once' },
  state_conflict: { dueHours: 4, means: 'an attempt that ended as not executed was executed' },
  late: { dueHours: 72, means: 'a transaction was executed outside the time its order was under way' },
} as const satisfies Record<string, { dueHours: number; means: string }>
export type BreakType = keyof typeof BREAK_TYPES
export const BREAK_TYPE_NAMES = Object.keys(BREAK_TYPES) as [BreakType, ...BreakType[]]

/** What happened to a break. */
export const BREAK_REASONS = [
  'found',
  'found_again',
  'changed',
  'explained',
  'assigned',
  'noted',
  'proposed',
  'declined',
  'written_off',
] as const
export type BreakReason = (typeof BREAK_REASONS)[number]

/**
 * Why an order stays in doubt after a run: the first reason that holds. Reasons that suggest an execution come before
 * those why a statement cannot prove an absence.
 */
export const STAY_REASONS = {
  awaiting_statement: 'no complete statements cover the time in which it may have been executed',
  candidate_unclear: 'a line may be its execution, but nothing proves which order the line belongs to',
  wallet_unmatched: "a line of its wallet, or of a transfer's recipient, belongs to no order",
  weight_unmatched: 'a line of its kind and weight belongs to no order',
  amount_unmatched: 'a line of its kind and amount belongs to no order',
  match_unclear:
    'a line that was matched with another order, not by an id of the transaction, may be its own',
  unreadable_line: 'a line of that time could not be read, so its order is unknown',
  statement_lacks_ours:
    'a complete statement lacks transactions that we know were executed: it is not complete',
  times_shifted: 'all matched lines of a statement are shifted by the same time: its time zone is wrong',
  times_contradict: 'matched lines of a statement have other times than their orders',
  wallets_contradict: 'matched lines of a statement name other wallets than their orders',
  kinds_contradict: 'matched lines of a statement name other kinds than their orders',
  no_witness: 'no matched line within a day of it shows that the statement has our transactions of that time',
  kind_unwitnessed:
    'the mapping ignores lines of the statement, and no matched line shows that it reads this kind',
  completeness_unapproved:
    'no second person has approved that the statements are complete, or that their source is trusted',
  lag_unapproved: 'the statements cover its time only with a lag that no second person has approved',
} as const
export type StayReason = keyof typeof STAY_REASONS
export const STAY_REASON_NAMES = Object.keys(STAY_REASONS) as [StayReason, ...StayReason[]]

/** The decisions that one person proposes and another approves. */
export const DECISIONS = [
  'write_off',
  'order_executed',
  'order_not_executed',
  'statement_complete',
  'source_trusted',
  'lag_shortened',
] as const
export type Decision = (typeof DECISIONS)[number]
