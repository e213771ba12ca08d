/**
 * Rupiah and gold as integers. A float sum of grams drifts; an integer count of 0.0001 g does not.
 */
declare const rupiahBrand: unique symbol
declare const goldWeightBrand: unique symbol

/** Whole Indonesian rupiah. */
export type Rupiah = number & { readonly [rupiahBrand]: true }

/** Gold as an integer count of 0.0001 g: 1 g is 10_000. */
export type GoldWeight = number & { readonly [goldWeightBrand]: true }

export const GOLD_UNITS_PER_GRAM = 10_000

/** The largest weight one order may name: 100 kg. Above it, a typing error is likelier than an order. */
export const MAX_GOLD_WEIGHT = (100_000 * GOLD_UNITS_PER_GRAM) as GoldWeight

/** The largest amount one order or reply may name: a trillion rupiah. Far below 2^53, so no digit is lost. */
export const MAX_RUPIAH = 1_000_000_000_000 as Rupiah

/**
 * Reads grams written as a number or a decimal string ("0.0005", 0.5, "12").
 * @returns null when it is not a plain non-negative decimal with at most four decimals, or above 100 kg.
 */
export function parseGrams(grams: number | string): GoldWeight | null {
  const match = /^(\d{1,9})(?:\.(\d{1,4})0*)?$/.exec(String(grams))
  if (!match) return null
  const units = Number(match[1]) * GOLD_UNITS_PER_GRAM + Number((match[2] ?? '').padEnd(4, '0'))
  return units <= MAX_GOLD_WEIGHT ? (units as GoldWeight) : null
}

/** Writes grams with exactly four decimals, as `numeric(14,4)` prints them: "0.0005". */
export function formatGrams(weight: GoldWeight): string {
  const whole = Math.floor(weight / GOLD_UNITS_PER_GRAM)
  return `${whole}.${String(weight % GOLD_UNITS_PER_GRAM).padStart(4, '0')}`
}

/**
 * Reads whole rupiah from a number, or from the digits Postgres prints for a bigint.
 * @returns null when it is negative, has a fraction, or is above {@link MAX_RUPIAH}.
 */
export function parseRupiah(rupiah: number | string): Rupiah | null {
  if (typeof rupiah === 'string' && !/^\d{1,15}$/.test(rupiah)) return null
  const value = Number(rupiah)
  return Number.isSafeInteger(value) && value >= 0 && value <= MAX_RUPIAH ? (value as Rupiah) : null
}

/** Writes rupiah as Indonesians read them: "Rp 1.234.567", "-Rp 5.000". A sum of any size is a bigint. */
export function formatRupiah(rupiah: Rupiah | bigint): string {
  const digits = String(rupiah)
  const [sign, amount] = digits.startsWith('-') ? ['-', digits.slice(1)] : ['', digits]
  return `${sign}Rp ${amount.replace(/\B(?=(\d{3})+$)/g, '.')}`
}

/**
 * Compares `amount ÷ weight` with a price per gram without dividing: both sides are exact integers.
 * @returns negative, zero or positive as the quote's price is below, at or above `pricePerGram`.
 */
export function comparePricePerGram(amount: Rupiah, weight: GoldWeight, pricePerGram: Rupiah): number {
  const difference = BigInt(amount) * BigInt(GOLD_UNITS_PER_GRAM) - BigInt(pricePerGram) * BigInt(weight)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}
