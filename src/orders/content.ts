import { formatGrams, type Rupiah } from '../core/money.ts'
import type { OrderCommand } from './command.ts'

/** The command in the job contract's spelling, without wallet, partner and reference: what Postgres keeps. */
export function contentOf(command: OrderCommand): Readonly<Record<string, unknown>> {
  switch (command.kind) {
    case 'buy':
      return {
        ...(command.by === 'grams'
          ? { gold_weight: formatGrams(command.goldWeight) }
          : { amount: command.amount }),
        ...limitOf({ max_price_per_gram: command.maxPricePerGram, max_fee: command.maxFee }),
      }
    case 'sell':
      return {
        gold_weight: formatGrams(command.goldWeight),
        ...limitOf({ min_price_per_gram: command.minPricePerGram, max_fee: command.maxFee }),
      }
    case 'transfer':
      return {
        gold_weight: formatGrams(command.goldWeight),
        recipient: command.recipient,
        ...(command.remarks === '' ? {} : { remarks: command.remarks }),
        ...limitOf({ max_fee: command.maxFee }),
      }
    case 'withdraw': {
      const { zipCode, note, ...place } = command.address
      const postalAddress = { ...place, zip_code: zipCode, ...(note === '' ? {} : { note }) }
      return { gold_weight: formatGrams(command.goldWeight), ktp: command.ktp, address: postalAddress }
    }
  }
}

/** The limits that are set; nothing when none is, so that an order with an empty limit equals one without. */
function limitOf(limits: Readonly<Record<string, Rupiah | null>>): { limit?: Record<string, Rupiah | null> } {
  let limit: Record<string, Rupiah | null> | undefined
  // Without lists of entries: this runs for each row of a batch.
  for (const name in limits) {
    const value = limits[name] ?? null
    if (value !== null) limit = { ...limit, [name]: value }
  }
  return limit === undefined ? {} : { limit }
}
