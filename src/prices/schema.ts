import { sql } from 'drizzle-orm'
import { check, date, pgSchema, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { at, oneOf, rupiah } from '../postgres/columns.ts'

export const SIDES = ['buy', 'sell'] as const
/** `buy`: what a customer pays. `sell`: what a customer gets. */
export type Side = (typeof SIDES)[number]

/** The gateway's price per gram of each day, as its chart named it at the first capture of that day. */
export const prices = pgTable(
  'prices',
  {
    side: text('side', { enum: SIDES }).notNull(),
    day: date('day').notNull(),
    rupiahPerGram: rupiah('rupiah_per_gram').notNull(),
    capturedAt: at('captured_at').notNull(),
  },
  (price) => [
    primaryKey({ columns: [price.side, price.day] }),
    check('prices_side', oneOf('side', SIDES)),
    check('prices_positive', sql`rupiah_per_gram > 0`),
  ],
)

/** Both prices of each day that has one. */
export const opsPrices = pgSchema('ops')
  .view('prices', {
    day: date('day').notNull(),
    buy: rupiah('buy'),
    sell: rupiah('sell'),
    capturedAt: at('captured_at').notNull(),
  })
  .existing()
