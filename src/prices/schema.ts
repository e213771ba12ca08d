import { sql } from 'drizzle-orm'
import { check, date, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { at, oneOf, rupiah } from '../postgres/columns.ts'

/** The gateway's price per gram of each day, as its chart said when it was first asked about that day. */
export const prices = pgTable(
  'prices',
  {
    side: text('side', { enum: ['buy', 'sell'] }).notNull(),
    day: date('day').notNull(),
    rupiahPerGram: rupiah('rupiah_per_gram').notNull(),
    capturedAt: at('captured_at').notNull(),
  },
  (price) => [
    primaryKey({ columns: [price.side, price.day] }),
    check('prices_side', oneOf('side', ['buy', 'sell'])),
    check('prices_positive', sql`rupiah_per_gram > 0`),
  ],
)
