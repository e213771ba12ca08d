import { sql } from 'drizzle-orm'
import { bigint, customType, numeric, timestamp } from 'drizzle-orm/pg-core'
import { formatGrams, type GoldWeight, parseGrams, parseRupiah, type Rupiah } from '../core/money.ts'

/** Gold as its integer count of 0.0001 g. Reading fails on a weight that no order may have. */
export const goldWeight = customType<{ data: GoldWeight; driverData: string }>({
  dataType: () => 'numeric(14, 4)',
  toDriver: formatGrams,
  fromDriver: (digits) => known(parseGrams(digits), 'a weight'),
})

/** Whole rupiah, read without losing a digit. */
export const rupiahAmount = customType<{ data: Rupiah; driverData: string }>({
  dataType: () => 'bigint',
  toDriver: String,
  fromDriver: (digits) => known(parseRupiah(digits), 'an amount'),
})

/** The id of a trace in 16 bytes, read as tracing systems write it: 32 hexadecimal digits without dashes. */
export const traceIdentity = customType<{ data: string; driverData: string }>({
  dataType: () => 'uuid',
  fromDriver: (id) => id.replaceAll('-', ''),
})

function known<T>(value: T | null, what: string): T {
  if (value === null) throw new Error(`Postgres returned ${what} that is out of range`)
  return value
}

/** The columns that every table of money and gold shares. */
export const at = (name: string) => timestamp(name, { withTimezone: true })
export const grams = (name: string) => numeric(name, { precision: 14, scale: 4 })
/** Text digits rather than `number`: drizzle's number mode loses digits above 2^53 without a word. */
export const rupiah = (name: string) => bigint(name, { mode: 'bigint' })
/**
 * A phone number in its stored form, and the recipient's where the order has one. The expression is that of `is_phone_number`:
 * Postgres parses and plans a function in a check again for every statement, which is a tenth of a short one.
 */
const isPhoneNumber = (value: string) =>
  `(octet_length(${value}) between 9 and 13 and starts_with(${value}, '08') and ${value} collate "C" !~ '[^0-9]')`
export const ONE_FORM_OF_PHONE_NUMBER = sql.raw(isPhoneNumber('phone_number'))
export const ONE_FORM_OF_WALLETS = sql.raw(
  `${isPhoneNumber('phone_number')} and ${isPhoneNumber(`(content ->> 'recipient')`)}`,
)
/** Most references are ASCII. */
export const ONE_FORM_OF_REFERENCE = sql`reference collate "C" ~ '^[!-~]([ -~]*[!-~])?$' or is_plain_text(reference)`
export const oneOf = (column: string, values: readonly string[]) =>
  sql.raw(`${column} in (${values.map((value) => `'${value}'`).join(', ')})`)
