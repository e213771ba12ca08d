import { sql } from 'drizzle-orm'
import { check, date, integer, pgTable, text } from 'drizzle-orm/pg-core'

/** Days that are no business days besides Saturdays and Sundays. Triggers let only approved requests change them. */
export const holidays = pgTable(
  'holidays',
  {
    day: date('day', { mode: 'string' }).primaryKey(),
    name: text('name').notNull(),
    /** Where it is from, such as the decree. */
    source: text('source'),
    /** The approved request that set it. */
    requestId: integer('request_id').notNull(),
  },
  () => [
    check('holidays_texts', sql`is_plain_text(name) and length(name) <= 80 and length(source) <= 200`),
    check('holidays_century', sql`day between '2000-01-01' and '2099-12-31'`),
  ],
)
