import { sql } from 'drizzle-orm'
import { bigint, numeric, timestamp } from 'drizzle-orm/pg-core'

/** The columns that every table of money and gold shares. */
export const at = (name: string) => timestamp(name, { withTimezone: true })
export const grams = (name: string) => numeric(name, { precision: 14, scale: 4 })
/** Text digits rather than `number`: drizzle's number mode loses digits above 2^53 without a word. */
export const rupiah = (name: string) => bigint(name, { mode: 'bigint' })
/** A phone number in its stored form, and the recipient's where the order has one. */
export const ONE_FORM_OF_WALLETS = sql`is_phone_number(phone_number) and is_phone_number(content ->> 'recipient')`
export const ONE_FORM_OF_PHONE_NUMBER = sql`is_phone_number(phone_number)`
export const ONE_FORM_OF_REFERENCE = sql`is_plain_text(reference)`
export const oneOf = (column: string, values: readonly string[]) =>
  sql.raw(`${column} in (${values.map((value) => `'${value}'`).join(', ')})`)
