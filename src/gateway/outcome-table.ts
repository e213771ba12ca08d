import type { Doubt, Refusal } from '../orders/outcomes.ts'
import { LISTED_REFUSALS } from './messages.ts'
import {
  codeOf,
  hasSession,
  hasUnauthorised,
  isCleanSuccess,
  isConsistentRefusal,
  isGatewayError,
  isPlain429,
  isServerError,
  isSuccess,
  listedIn,
  type ReplyFacts,
} from './reply-facts.ts'

/**
 * What a reply means, in two tables: one for confirms, one for calls that move nothing. The first row that matches
 * decides. A refusal is believed only if everything in its reply agrees: HTTP status, response_status, response_code,
 * message, and no data of an execution. A contradictory reply to a confirm is a doubt.
 */

/** The doubts that a reply can cause. */
export type ReplyDoubt = Exclude<Doubt, 'intent_overdue' | 'transaction_of_another_order'>

/** What a confirm's reply means before its data are compared with the quote. */
export type ConfirmVerdict =
  | { readonly is: 'success' }
  | { readonly is: 'price_changed' }
  | { readonly is: 'rejected'; readonly reason: Refusal }
  | { readonly is: 'in_doubt'; readonly doubt: ReplyDoubt }

/** What the reply to a call that moves nothing means. An unclear one may be asked again. */
export type CheckoutVerdict =
  | { readonly is: 'success' }
  | { readonly is: 'price_changed' }
  | { readonly is: 'rejected'; readonly reason: Refusal }
  | { readonly is: 'refused_unlisted' }
  | { readonly is: 'trouble' }
  /** The reply has the session_id of an execution that was not requested. */
  | { readonly is: 'executed' }

interface Row<Verdict> {
  readonly when: string
  readonly matches: (facts: ReplyFacts) => boolean
  readonly verdict: Verdict
}

const doubt = (reason: ReplyDoubt) => ({ is: 'in_doubt', doubt: reason }) as const
const trouble = { is: 'trouble' } as const

/** What a confirm's reply means. */
export const CONFIRM_TABLE: readonly Row<ConfirmVerdict>[] = [
  { when: '3xx, 408 or 5xx', matches: isServerError, verdict: doubt('gateway_error') },
  {
    when: '429, known to be a refusal, and nothing in it speaks of an execution',
    matches: isPlain429,
    verdict: { is: 'rejected', reason: 'gateway_rate_limited' },
  },
  {
    when: '429, as HTTP status or response_code',
    matches: (facts) => facts.status === 429 || codeOf(facts) === 429,
    verdict: doubt('gateway_rate_limit_unclear'),
  },
  {
    when: '401 or 403, unless it is a consistent refusal with a listed message',
    matches: (facts) => hasUnauthorised(facts) && !(isConsistentRefusal(facts) && listedIn(facts) !== null),
    verdict: doubt('gateway_unauthorised'),
  },
  {
    when: 'not the documented envelope',
    matches: ({ envelope }) => envelope === null,
    verdict: doubt('reply_unreadable'),
  },
  {
    when: 'an envelope with response_code 408, or 500 and more',
    matches: (facts) => isGatewayError(codeOf(facts)),
    verdict: doubt('gateway_error'),
  },
  { when: 'success', matches: isCleanSuccess, verdict: { is: 'success' } },
  {
    when: 'a success that HTTP status, response_code or message contradicts',
    matches: isSuccess,
    verdict: doubt('reply_contradicts_itself'),
  },
  {
    when: 'a refusal that HTTP status, response_code or data contradicts',
    matches: (facts) => !isConsistentRefusal(facts),
    verdict: doubt('reply_contradicts_itself'),
  },
  {
    when: 'refused: price_changed',
    matches: (facts) => listedIn(facts) === 'price_changed',
    verdict: { is: 'price_changed' },
  },
  ...LISTED_REFUSALS.map((reason) => ({
    when: `refused: ${reason}`,
    matches: (facts: ReplyFacts) => listedIn(facts) === reason,
    verdict: { is: 'rejected', reason } as const,
  })),
  { when: 'refused with an unlisted message', matches: () => true, verdict: doubt('message_unlisted') },
]

/** What the reply to a checkout, or to any other call that moves nothing, means. */
export const CHECKOUT_TABLE: readonly Row<CheckoutVerdict>[] = [
  {
    when: 'anything with a session_id',
    matches: hasSession,
    verdict: { is: 'executed' },
  },
  { when: '3xx, 408 or 5xx', matches: isServerError, verdict: trouble },
  {
    when: '401, 403 or 429, as HTTP status or response_code',
    matches: (facts) => hasUnauthorised(facts) || facts.status === 429 || codeOf(facts) === 429,
    verdict: trouble,
  },
  { when: 'not the documented envelope', matches: ({ envelope }) => envelope === null, verdict: trouble },
  {
    when: 'an envelope with response_code 408, or 500 and more',
    matches: (facts) => isGatewayError(codeOf(facts)),
    verdict: trouble,
  },
  { when: 'success', matches: isCleanSuccess, verdict: { is: 'success' } },
  {
    when: 'a success that HTTP status, response_code or message contradicts',
    matches: isSuccess,
    verdict: trouble,
  },
  {
    when: 'a refusal that HTTP status, response_code or data contradicts',
    matches: (facts) => !isConsistentRefusal(facts),
    verdict: trouble,
  },
  {
    when: 'refused: price_changed',
    matches: (facts) => listedIn(facts) === 'price_changed',
    verdict: { is: 'price_changed' },
  },
  ...LISTED_REFUSALS.map((reason) => ({
    when: `refused: ${reason}`,
    matches: (facts: ReplyFacts) => listedIn(facts) === reason,
    verdict: { is: 'rejected', reason } as const,
  })),
  { when: 'refused with an unlisted message', matches: () => true, verdict: { is: 'refused_unlisted' } },
]

/** What a confirm's reply means before its data are compared with the quote. */
export function confirmVerdict(facts: ReplyFacts): ConfirmVerdict {
  return firstMatch(CONFIRM_TABLE, facts)
}

/** What the reply of a call that moves nothing means before its data are read. */
export function checkoutVerdict(facts: ReplyFacts): CheckoutVerdict {
  return firstMatch(CHECKOUT_TABLE, facts)
}

function firstMatch<Verdict>(table: readonly Row<Verdict>[], facts: ReplyFacts): Verdict {
  const row = table.find(({ matches }) => matches(facts))
  if (row === undefined) throw new Error('the last row matches everything')
  return row.verdict
}
