import type { GoldWeight, Rupiah } from '../core/money.ts'
import type { OrderKind } from './command.ts'
import type { OrderState, ReasonFor } from './lifecycle.ts'
import type { ConfirmOutcome, Quote, Reply } from './outcomes.ts'
import type { OrderContent, Submission } from './submission.ts'

/** An order as a worker finds it. */
export interface StoredOrder {
  readonly orderId: string
  readonly kind: OrderKind
  readonly phoneNumber: string
  readonly content: OrderContent
  readonly contentHash: string
  readonly state: OrderState
  readonly reason: string
  readonly deadlineAt: Date
  /** Milliseconds until the deadline when the order was read, by the database's clock; negative once it has passed. */
  readonly msUntilDeadline: number
  readonly postponements: number
  /** Age of the intent of an order that is `confirming`, by the database's clock. */
  readonly intentAgeMs: number | null
  /** The order that goes before this one in its wallet; null when it is this one's turn, or nobody asked. */
  readonly waitsFor: string | null
}

/** An order that sleeps until the end of another one wakes it, or until its deadline. */
export interface WaitingOrder {
  readonly orderId: string
  readonly waitsFor: string
}

/**
 * Why a new order is not stored. `overdue`: its deadline has passed. `wallet_refused`: its wallet is not its partner's.
 */
export type NotStored = 'overdue' | 'wallet_refused'

/** Names an intent that its caller may have committed. */
export interface IntentClaim {
  readonly orderId: string
  /** Drawn by the caller: its own intent is known again by it. */
  readonly intentId: string
}

/** A quote about to be confirmed. */
export interface NewIntent extends IntentClaim {
  readonly quote: Quote
  /** The trace of the run, in 32 hexadecimal digits. Absent or null: none is recorded. */
  readonly traceId?: string | null
}

/** The intent a worker holds: the right to send this quote's confirm, once. */
export interface Intent {
  readonly orderId: string
  readonly seq: number
}

/** An intent that was committed just now. It is the caller's who drew its id. */
export interface CommittedIntent extends Intent {
  readonly intentId: string
}

/** How a held intent ended. */
export interface Verdict extends Intent {
  readonly outcome: ConfirmOutcome
}

/** What became of a verdict: the order's state now, and whether this verdict was what brought it there. */
export interface Recorded {
  readonly state: OrderState
  readonly reason: string
}

/** A move of an order that has nothing in flight. */
export interface PlainMove<M extends 'refuse' | 'expire' | 'cancel' | 'hold' | 'release'> {
  readonly orderId: string
  readonly reason: ReasonFor<M>
  readonly actor: string
  /** What a person reading the order's story wants to know: the gateway's words, the quote, a person's note. */
  readonly detail: Readonly<Record<string, unknown>> | null
}

/** How a person or a late reply settles a doubt. */
export interface Settlement {
  readonly orderId: string
  /** The attempt that a late reply is of: it says nothing of a later one. Absent when a person settles the doubt. */
  readonly seq?: number
  readonly reason: 'late_reply' | 'resolved_by_person'
  readonly actor: string
  readonly detail: Readonly<Record<string, unknown>>
  /** The late reply itself; null when a person settles the doubt. */
  readonly reply: Reply | null
  /** Null: it was not executed. Null fields of an execution are taken from the quote. */
  readonly executed: {
    readonly requestId: string | null
    readonly responseId: string | null
    readonly sessionId: string | null
    readonly goldWeight: GoldWeight | null
    readonly amount: Rupiah | null
    readonly fee: Rupiah | null
  } | null
}

/** What the sweeper needs of the store. Each call is bounded by `limit` rows. */
export interface SweepStore {
  /** Intents older than the send deadline become doubts. */
  doubtOverdueIntents(sendDeadlineMs: number, actor: string, limit: number): Promise<string[]>
  /** Accepted orders past their deadline expire: nothing of theirs is in flight. */
  expireOverdue(actor: string, limit: number): Promise<string[]>
  /** Orders whose turn in their wallets has come: the order before them has ended. Each is returned once. */
  takeTurns(againMs: number, limit: number): Promise<string[]>
  /** Accepted orders that the queue should have brought back by now; they are not returned again for `againMs`. */
  takeForgotten(againMs: number, limit: number): Promise<string[]>
}

/** The switches that people close to keep orders from being sent, as a worker asks about them. */
export interface OrderSwitches {
  /** Whether any was closed lately. An answer may be a moment old: the fence itself asks anew. */
  isAnyClosed(): Promise<boolean>
  /** Lets an accepted order wait for the switch that holds it now. Returns the scope; null when none holds it. */
  waitFor(orderId: string): Promise<string | null>
}

/** What the sweeper does about switches. Each call is bounded by `limit` rows. */
export interface SwitchSweep {
  /** Leaves a sign of life in the database. Returns whether it was restored: then everything is closed until its recovery. */
  rememberDatabase(): Promise<boolean>
  /** Lets due orders wait that a closed switch holds: they are neither woken nor, if their deadlines stand still, expired. */
  letDueWait(limit: number): Promise<string[]>
  /** Ends waits for switches that were opened. The orders are not returned again for `againMs`. */
  endWaits(againMs: number, limit: number): Promise<string[]>
}

/**
 * Where orders are kept. Writes take arrays and are set-based; each is one transaction, guarded on the state it leaves.
 * Rows that the guard refused are missing from what is returned.
 */
export interface OrderStore {
  /**
   * Inserts unknown orders. Returns, in the order of the submissions, the stored order of each (partner, reference), or
   * why a new one is not stored.
   */
  submit(
    submissions: readonly { orderId: string; submission: Submission }[],
  ): Promise<(StoredOrder | NotStored)[]>
  load(orderIds: readonly string[]): Promise<StoredOrder[]>
  /** The fence. Who is not returned an intent must not send. */
  commitIntents(intents: readonly NewIntent[], actor: string): Promise<CommittedIntent[]>
  /** Takes back an intent of which the caller knows that nothing was sent and does not know whether it was committed. */
  withdrawIntents(claims: readonly IntentClaim[], actor: string): Promise<string[]>
  /** Ends intents. Returns the orders moved. */
  endIntents(verdicts: readonly Verdict[], actor: string): Promise<(Recorded & { orderId: string })[]>
  /** An order expires only once its deadline has passed by the store's own clock. */
  move<M extends 'refuse' | 'expire' | 'cancel' | 'hold' | 'release'>(
    move: M,
    rows: readonly PlainMove<M>[],
  ): Promise<string[]>
  /** Leads out of `in_doubt`. */
  settle(settlements: readonly Settlement[]): Promise<string[]>
  /** Marks one order in doubt whose intent is older than the send deadline. */
  doubtOverdueIntent(orderId: string, sendDeadlineMs: number, actor: string): Promise<string[]>
  /**
   * Lets accepted orders sleep until their turn in their wallets comes. Missing from what is returned is an order whose turn
   * has come, or whose wallet somebody is just changing.
   */
  waitForTurn(orderIds: readonly string[]): Promise<WaitingOrder[]>
  /** Leaves an accepted order for later. */
  postpone(rows: readonly { orderId: string; delayMs: number; trouble: string }[]): Promise<string[]>
}
