import type { GoldWeight, Rupiah } from '../core/money.ts'
import type { OrderCommand } from '../orders/command.ts'
import type { Executed, Quote } from '../orders/outcomes.ts'
import { maskedNumberMatches, namesAnotherWallet } from './replied-number.ts'

/** The part of a reply that names wallets. */
interface Replied {
  readonly phone_number: string
  readonly additional?: { readonly recipient?: string | undefined } | undefined
}

/**
 * Compares a checkout's reply with the order it was asked for.
 * @returns the name of the first field that contradicts, or null
 */
export function contradictsOrder(
  command: OrderCommand,
  replied: Replied & { readonly gold_weight: GoldWeight; readonly amount: Rupiah },
): string | null {
  const person = contradictsPersons(command, replied)
  if (person !== null) return person
  if (command.kind === 'buy' && command.by === 'rupiah')
    return replied.amount === command.amount ? null : 'amount'
  return replied.gold_weight === command.goldWeight ? null : 'gold_weight'
}

/**
 * Compares a confirm's reply with the quote it was sent for. A withdrawal's amount and fee are first known here.
 * @returns the name of the first field that contradicts, or null
 */
export function contradictsQuote(
  command: OrderCommand,
  quote: Quote,
  replied: Replied,
  executed: Executed,
): string | null {
  if (executed.requestId !== null && executed.requestId !== quote.quoteId) return 'request_id'
  const person = contradictsPersons(command, replied)
  if (person !== null) return person
  if (executed.goldWeight !== quote.goldWeight) return 'gold_weight'
  if (quote.amount !== null && executed.amount !== quote.amount) return 'amount'
  return quote.fee !== null && executed.fee !== quote.fee ? 'fee' : null
}

function contradictsPersons(command: OrderCommand, { phone_number, additional }: Replied): string | null {
  if (!maskedNumberMatches(phone_number, command.phoneNumber)) return 'phone_number'
  if (command.kind !== 'transfer') return null
  return namesAnotherWallet(additional?.recipient ?? '', command.recipient) ? 'recipient' : null
}

/**
 * Whether a sell's reply could be a second quote: the document prints the same members for both, at the same path. An
 * execution shows by a session_id or request_id, by the id of the confirmed quote (as in the document; a second quote
 * would have a new id), or by an id of another form than quotes have.
 */
export function mayBeAQuote(executed: Executed, quote: Quote): boolean {
  if (executed.sessionId !== null || executed.requestId !== null) return false
  return executed.responseId !== quote.quoteId && haveSameForm(executed.responseId, quote.quoteId)
}

/** Whether two ids can be of one series. Counters gain digits, so lengths may differ by one. */
function haveSameForm(one: string, other: string): boolean {
  const areNumbers = /^\d+$/.test(one) === /^\d+$/.test(other)
  return areNumbers && Math.abs(one.length - other.length) <= 1
}
