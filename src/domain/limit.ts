import type { OrderCommand } from './command.ts'
import { comparePricePerGram } from './money.ts'
import type { Quote } from './outcomes.ts'

/**
 * Whether the quote's price per gram (amount ÷ weight, fee not included) is worse than the order's limit.
 * Checked on every quote: a price that was fine before a price change may not be after it.
 */
export function breaksLimit(command: OrderCommand, quote: Quote): boolean {
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
