import type { Refusal } from '../orders/outcomes.ts'

/** The document's messages in lower case. The document itself mixes cases and breaks lines inside messages. */
const LISTED: Readonly<Record<string, ListedMessage>> = {
  'price changes have occurred, please try again': 'price_changed',
  'wallet balance is insufficient': 'insufficient_balance',
  'user not found': 'user_not_found',
  'invalid recipient': 'invalid_recipient',
  'your account is not premium yet': 'not_premium',
  'invalid params': 'invalid_params',
}

/** The refusals that the document lists, each of which ends an order. */
export const LISTED_REFUSALS = [
  'insufficient_balance',
  'user_not_found',
  'invalid_recipient',
  'not_premium',
  'invalid_params',
  'field_required',
] as const satisfies readonly Refusal[]

/** What a listed message means. */
export type ListedMessage = (typeof LISTED_REFUSALS)[number] | 'price_changed'

const FIELD_REQUIRED = /^field .{1,64} is required\.?$/

/** Looks a message up, ignoring case and white space; null when it is not listed. */
export function listedMessage(message: string): ListedMessage | null {
  const folded = message.trim().toLowerCase().replace(/\s+/g, ' ')
  if (FIELD_REQUIRED.test(folded)) return 'field_required'
  return Object.hasOwn(LISTED, folded) ? (LISTED[folded] ?? null) : null
}
