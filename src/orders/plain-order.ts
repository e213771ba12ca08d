import { type GoldWeight, parseGrams, parseRupiah, type Rupiah } from '../core/money.ts'
import { readPhoneNumber } from '../core/phone-number.ts'
import { readReference } from '../core/plain-text.ts'
import type { OrderCommand } from './command.ts'

/**
 * Reads plain orders by hand, which halves the CPU of checking a batch file. Plain is an order that is good, of printable
 * ASCII, without a deadline, and no withdrawal. Whatever is not plain is null here, and the schema's to accept or to refuse.
 */

/** An order without a deadline. */
export interface PlainOrder {
  readonly partner: string
  readonly reference: string
  readonly command: OrderCommand
}

type Given = Readonly<Record<string, unknown>>

const EVERY_KIND = ['partner', 'reference', 'phone_number', 'gold_weight', 'limit']
const FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  buy: new Set([...EVERY_KIND, 'amount']),
  sell: new Set(EVERY_KIND),
  transfer: new Set([...EVERY_KIND, 'recipient', 'remarks']),
}

const PARTNER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const PRINTABLE = /^[ -~]+$/
const MOST_REMARKS = 200

/** The order when it is plain; null says nothing about it. */
export function readPlainOrder(kind: unknown, data: unknown): PlainOrder | null {
  if (kind !== 'buy' && kind !== 'sell' && kind !== 'transfer') return null
  if (!isGiven(data) || !hasOnly(data, FIELDS[kind])) return null
  const { partner } = data
  if (typeof partner !== 'string' || !PARTNER.test(partner)) return null
  const reference = isPrintable(data.reference) ? readReference(data.reference) : null
  const command = reference === null ? null : readCommand(kind, data)
  return reference === null || command === null ? null : { partner, reference, command }
}

function readCommand(kind: 'buy' | 'sell' | 'transfer', data: Given): OrderCommand | null {
  const phoneNumber = isPrintable(data.phone_number) ? readPhoneNumber(data.phone_number) : null
  if (phoneNumber === null) return null
  switch (kind) {
    case 'buy':
      return readBuy(phoneNumber, data)
    case 'sell': {
      const goldWeight = readWeight(data.gold_weight)
      const limit = readLimit(data.limit, 'min_price_per_gram')
      if (goldWeight === null || limit === null) return null
      return { kind, phoneNumber, goldWeight, minPricePerGram: limit.price, maxFee: limit.fee }
    }
    case 'transfer': {
      const goldWeight = readWeight(data.gold_weight)
      const limit = readLimit(data.limit, null)
      const recipient = isPrintable(data.recipient) ? readPhoneNumber(data.recipient) : null
      const remarks = data.remarks === undefined ? '' : readRemarks(data.remarks)
      if (goldWeight === null || limit === null || recipient === null || remarks === null) return null
      return { kind, phoneNumber, recipient, goldWeight, remarks, maxFee: limit.fee }
    }
  }
}

function readBuy(phoneNumber: string, { gold_weight, amount, limit: written }: Given): OrderCommand | null {
  const limit = readLimit(written, 'max_price_per_gram')
  if (limit === null || (gold_weight === undefined) === (amount === undefined)) return null
  const common = { kind: 'buy', phoneNumber, maxPricePerGram: limit.price, maxFee: limit.fee } as const
  if (amount !== undefined) {
    const rupiah = readRupiah(amount, 1)
    return rupiah === null ? null : { ...common, by: 'rupiah', amount: rupiah }
  }
  const goldWeight = readWeight(gold_weight)
  return goldWeight === null ? null : { ...common, by: 'grams', goldWeight }
}

interface Limit {
  readonly price: Rupiah | null
  readonly fee: Rupiah | null
}

const NO_LIMIT: Limit = { price: null, fee: null }
const LIMITS: Readonly<Record<string, ReadonlySet<string>>> = {
  max_price_per_gram: new Set(['max_price_per_gram', 'max_fee']),
  min_price_per_gram: new Set(['min_price_per_gram', 'max_fee']),
}
const ONLY_FEE: ReadonlySet<string> = new Set(['max_fee'])

function readLimit(written: unknown, priceName: keyof typeof LIMITS | null): Limit | null {
  if (written === undefined) return NO_LIMIT
  if (!isGiven(written) || !hasOnly(written, priceName === null ? ONLY_FEE : LIMITS[priceName])) return null
  const [givenPrice, givenFee] = [priceName === null ? undefined : written[priceName], written.max_fee]
  if (givenPrice === undefined && givenFee === undefined) return null
  const price = givenPrice === undefined ? null : readRupiah(givenPrice, 1)
  const fee = givenFee === undefined ? null : readRupiah(givenFee, 0)
  const isBad = (price === null && givenPrice !== undefined) || (fee === null && givenFee !== undefined)
  return isBad ? null : { price, fee }
}

function readWeight(written: unknown): GoldWeight | null {
  if (typeof written !== 'string' && typeof written !== 'number') return null
  const weight = parseGrams(written)
  return weight !== null && weight > 0 ? weight : null
}

function readRupiah(written: unknown, least: 0 | 1): Rupiah | null {
  const value = typeof written === 'number' ? parseRupiah(written) : null
  return value !== null && value >= least ? value : null
}

const readRemarks = (written: unknown) =>
  isPrintable(written) && written.length <= MOST_REMARKS ? written : null

const isPrintable = (value: unknown): value is string => typeof value === 'string' && PRINTABLE.test(value)

const isGiven = (value: unknown): value is Given =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

function hasOnly(data: Given, names: ReadonlySet<string> | undefined): boolean {
  for (const name in data) if (names?.has(name) !== true) return false
  return true
}
