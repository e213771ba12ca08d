import type { GoldWeight, Rupiah } from '../core/money.ts'

/** The transaction that a person found for an order in doubt. */
export interface ProposedExecution {
  readonly sessionId: string | null
  readonly responseId: string | null
  /** A null weight, amount or fee is the quote's. */
  readonly goldWeight: GoldWeight | null
  readonly amount: Rupiah | null
  readonly fee: Rupiah | null
}

/** What a proposal is stored with. */
export interface ProposalFacts {
  /** Where it was seen: a statement and its line, a letter of the gateway. Null where an order is not concerned. */
  readonly evidence: string | null
  /** Null: the order was not executed, or no order is concerned. */
  readonly executed: ProposedExecution | null
  /** What its proposer saw of the order, break, statement, source or lag. Absent in proposals of before. */
  readonly seen?: Readonly<Record<string, unknown>>
  /** Only of a shorter lag. */
  readonly lagMinutes?: number
}

/** What a proposal is about. The lag is one for all sources. */
export type Subject =
  | { readonly is: 'break'; readonly breakId: number }
  | { readonly is: 'order'; readonly orderId: string }
  | { readonly is: 'statement'; readonly statementId: number }
  | { readonly is: 'source'; readonly source: string }
  | { readonly is: 'lag' }
