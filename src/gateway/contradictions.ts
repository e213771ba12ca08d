import type { OrderCommand } from '../domain/command.ts'
import { isSamePhoneNumber } from '../domain/masking.ts'
import type { GoldWeight, Rupiah } from '../domain/money.ts'
import type { Executed, Quote } from '../domain/outcomes.ts'

/** What a reply says about the money and gold of an order. */
interface Replied {
  readonly phone_number: string
  readonly gold_weight: GoldWeight
  readonly amount: Rupiah
}

/**
 * Compares a checkout's reply with the order it was asked for.
 * @returns the name of the first field that contradicts, or null
 */
export function contradictsOrder(
  command: OrderCommand,
  replied: Replied & { readonly additional?: { readonly recipient?: string | undefined } | undefined },
): string | null {
  if (!isSamePhoneNumber(replied.phone_number, command.phoneNumber)) return 'phone_number'
  if (command.kind === 'buy' && command.by === 'rupiah')
    return replied.amount === command.amount ? null : 'amount'
  if (replied.gold_weight !== command.goldWeight) return 'gold_weight'
  if (command.kind !== 'transfer') return null
  const recipient = fullNumberIn(replied.additional?.recipient ?? '')
  return recipient === null || isSamePhoneNumber(recipient, command.recipient) ? null : 'recipient'
}

/** The checkout prints the recipient as "Name (081…)"; a masked number there proves nothing. */
function fullNumberIn(recipient: string): string | null {
  return /\((\+?\d{9,15})\)\s*$/.exec(recipient)?.[1] ?? null
}

/**
 * Compares a confirm's reply with the quote it was sent for. The fee is not compared: the documented
 * replies leave open whether it is final at the checkout.
 * @returns the name of the first field that contradicts, or null
 */
export function contradictsQuote(
  command: OrderCommand,
  quote: Quote,
  phoneNumber: string,
  executed: Executed,
): string | null {
  if (executed.requestId !== null && executed.requestId !== quote.quoteId) return 'request_id'
  if (!isSamePhoneNumber(phoneNumber, command.phoneNumber)) return 'phone_number'
  if (executed.goldWeight !== quote.goldWeight) return 'gold_weight'
  // A withdrawal is priced at its confirm.
  return quote.amount !== null && executed.amount !== quote.amount ? 'amount' : null
}
