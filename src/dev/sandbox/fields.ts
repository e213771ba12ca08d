import { type GoldWeight, parseGrams, parseRupiah, type Rupiah } from '../../core/money.ts'

/** The fields of a request's body, not validated. */
export type Fields = Readonly<Record<string, unknown>>

/** The fields of a withdrawal's address. */
export const PLACE = [
  'province',
  'city',
  'district',
  'subdistrict',
  'address',
  'zip_code',
  'note',
  'ktp',
] as const

/** A text or number as text: the document prints request_id as both. String() of other JSON throws: `{ "toString": 1 }`. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** A weight above zero, or null. */
export function weightOf(value: unknown): GoldWeight | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null
  const weight = parseGrams(value)
  return weight === null || weight === 0 ? null : weight
}

/** An amount above zero, or null. */
export function rupiahOf(value: unknown): Rupiah | null {
  if (typeof value !== 'number') return null
  const amount = parseRupiah(value)
  return amount === null || amount === 0 ? null : amount
}
