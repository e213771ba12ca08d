import { sql } from 'drizzle-orm'
import { bigint, numeric, timestamp } from 'drizzle-orm/pg-core'

/** The columns that every table of money and gold shares. */
export const at = (name: string) => timestamp(name, { withTimezone: true })
export const grams = (name: string) => numeric(name, { precision: 14, scale: 4 })
/** Text digits rather than `number`: drizzle's number mode loses digits above 2^53 without a word. */
export const rupiah = (name: string) => bigint(name, { mode: 'bigint' })
export const oneOf = (column: string, values: readonly string[]) =>
  sql.raw(`${column} in (${values.map((value) => `'${value}'`).join(', ')})`)
