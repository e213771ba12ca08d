import { comparePricePerGram, type Rupiah } from '../core/money.ts'
import type { OrderCommand } from './command.ts'
import type { Quote } from './outcomes.ts'

/** Why a quote is not confirmed. */
export type BrokenLimit = 'price_limit' | 'fee_limit'

/**
 * Whether a quote breaks the order's limits or the installation's bound on fees. Checked on every quote: a price that
 * was fine before a price change may not be after it. A withdrawal's price and fee are first known at its confirm.
 * @param maxQuoteFee the largest fee of any quote; null: no bound
 */
export function brokenLimit(
  command: OrderCommand,
  quote: Quote,
  maxQuoteFee: Rupiah | null,
): BrokenLimit | null {
  if (breaksPriceLimit(command, quote)) return 'price_limit'
  if (quote.fee === null) return null
  const bounds = [maxQuoteFee, 'maxFee' in command ? command.maxFee : null]
  const { fee } = quote
  return bounds.some((bound) => bound !== null && fee > bound) ? 'fee_limit' : null
}

/** Compares the price per gram: amount ÷ weight, fee not included. */
function breaksPriceLimit(command: OrderCommand, quote: Quote): boolean {
  switch (command.kind) {
    case 'buy':
      if (command.maxPricePerGram === null || quote.amount === null) return false
      return comparePricePerGram(quote.amount, quote.goldWeight, command.maxPricePerGram) > 0
    case 'sell':
      if (command.minPricePerGram === null || quote.amount === null) return false
      return comparePricePerGram(quote.amount, quote.goldWeight, command.minPricePerGram) < 0
    case 'transfer':
    case 'withdraw':
      return false
  }
}
