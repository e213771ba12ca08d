import type { GoldWeight, Rupiah } from '../core/money.ts'

/**
 * What a checkout returned. For a withdrawal it is the address reply, which prices nothing:
 * its weight is the ordered one and its amount and fee are first known at the confirm.
 */
export interface Quote {
  /** The checkout's `response_id` (a withdrawal: the address reply's `request_id`); sent as the confirm's `request_id`. */
  readonly quoteId: string
  readonly goldWeight: GoldWeight
  readonly amount: Rupiah | null
  readonly fee: Rupiah | null
}

/** Why an order was rejected by the gateway: the listed refusals of the document, then a 429 that is known to be one. */
export const REFUSALS = [
  'insufficient_balance',
  'user_not_found',
  'invalid_recipient',
  'not_premium',
  'invalid_params',
  'field_required',
  'gateway_rate_limited',
] as const
export type Refusal = (typeof REFUSALS)[number]

/** Why the outcome of a confirm that may have been sent is not known. */
export const DOUBTS = [
  'reply_lost',
  'reply_unreadable',
  'reply_contradicts_quote',
  'reply_contradicts_itself',
  'reply_may_be_a_quote',
  'transaction_of_another_order',
  'gateway_error',
  'gateway_unauthorised',
  'gateway_rate_limit_unclear',
  'message_unlisted',
  'intent_overdue',
] as const
export type Doubt = (typeof DOUBTS)[number]

/** What came back, as far as anything did: kept with the attempt for reconciliation. */
export interface Reply {
  readonly httpStatus: number | null
  /** The body as text, cut to a bounded length, without NUL. */
  readonly body: string | null
  /** The envelope's `response_message`, or the transport's error code when there is no envelope. */
  readonly message: string
}

/** The executed transaction as the confirm's reply tells it. */
export interface Executed {
  /** Null in a documented sell reply. */
  readonly requestId: string | null
  readonly responseId: string
  /** Null in a documented sell reply. */
  readonly sessionId: string | null
  readonly goldWeight: GoldWeight
  readonly amount: Rupiah
  readonly fee: Rupiah
}

/** The outcome of a checkout. Nothing has moved as far as is known, so trouble may be tried again. */
export type CheckoutOutcome =
  | { readonly is: 'quoted'; readonly quote: Quote }
  | { readonly is: 'price_changed'; readonly message: string }
  | { readonly is: 'refused'; readonly reason: Refusal | 'refused_at_checkout'; readonly message: string }
  /** Transport failure, 5xx, 401, 403, 408, 429, 3xx, an unreadable reply, or a quote that contradicts the order. */
  | { readonly is: 'trouble'; readonly message: string }
  /** The reply has the session_id of an execution, though a checkout moves nothing: a person must look at it. */
  | { readonly is: 'executed'; readonly message: string }

/** The outcome of a confirm: DESIGN section 4, one variant per outcome. */
export type ConfirmOutcome =
  | { readonly is: 'succeeded'; readonly executed: Executed; readonly reply: Reply }
  | { readonly is: 'price_changed'; readonly reply: Reply }
  | { readonly is: 'rejected'; readonly reason: Refusal; readonly reply: Reply }
  | { readonly is: 'not_sent'; readonly reply: Reply }
  | {
      readonly is: 'in_doubt'
      readonly doubt: Exclude<Doubt, 'intent_overdue' | 'transaction_of_another_order'>
      readonly reply: Reply
    }
