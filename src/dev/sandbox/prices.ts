import { GOLD_UNITS_PER_GRAM, type GoldWeight, type Rupiah } from '../../core/money.ts'
import { draw } from './random.ts'

/** What a customer pays per gram at the start of the walk. */
const FIRST_PRICE = 883_380
const LOWEST_PRICE = 400_000

/** The gateway buys this many thousandths below its selling price. */
const SPREAD_THOUSANDTHS = 40

/** The longest step of one price move, in thousandths of the price. */
const LONGEST_STEP_THOUSANDTHS = 3

export interface Prices {
  /** Grows by one with every move. Quotes of older versions are invalid. */
  version(): number
  /** Rupiah per gram that a customer pays. */
  buy(): Rupiah
  /** Rupiah per gram that a customer receives. */
  sell(): Rupiah
  move(): void
}

/** A walk of prices, the same for the same seed. */
export function createPrices(seed: number): Prices {
  let version = 0
  let price = FIRST_PRICE
  return {
    version: () => version,
    buy: () => price as Rupiah,
    sell: () => Math.floor((price * (1_000 - SPREAD_THOUSANDTHS)) / 1_000) as Rupiah,
    move() {
      version += 1
      const longest = Math.floor((price * LONGEST_STEP_THOUSANDTHS) / 1_000)
      // At least 1, so that every move changes the price.
      const step = 1 + Math.floor(draw(seed, 'step', version) * longest)
      const isUp = draw(seed, 'up', version) < 0.5 || price - step < LOWEST_PRICE
      price += isUp ? step : -step
    },
  }
}

/** Rupiah for a weight at a price per gram, the fraction dropped. */
export function priced(weight: GoldWeight, pricePerGram: Rupiah): Rupiah {
  return Number((BigInt(weight) * BigInt(pricePerGram)) / BigInt(GOLD_UNITS_PER_GRAM)) as Rupiah
}

/** The weight that an amount buys, the fraction below 0.0001 g dropped. */
export function weighed(amount: Rupiah, pricePerGram: Rupiah): GoldWeight {
  return Number((BigInt(amount) * BigInt(GOLD_UNITS_PER_GRAM)) / BigInt(pricePerGram)) as GoldWeight
}
