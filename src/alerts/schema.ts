import { sql } from 'drizzle-orm'
import { check, index, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { at, oneOf } from '../postgres/columns.ts'
import { ALERT_KINDS, ALERT_STATES } from './enums.ts'

/** One message to operations: everything of a kind that was new at one look. */
export const alerts = pgTable(
  'alerts',
  {
    /** The `webhook-id` of every try. */
    id: uuid('id').primaryKey().defaultRandom(),
    kind: text('kind', { enum: ALERT_KINDS }).notNull(),
    at: at('at').notNull().defaultNow(),
    /** `count`, `rupiah`, `grams` and the first `items`. */
    facts: jsonb('facts').$type<Readonly<Record<string, unknown>>>().notNull(),
    state: text('state', { enum: ALERT_STATES }).notNull().default('pending'),
    /** When it is due. A sender that claims it moves this to the end of its lease. */
    nextAt: at('next_at').notNull().defaultNow(),
    tries: integer('tries').notNull().default(0),
    endedAt: at('ended_at'),
    /** The status or the trouble of the last try. */
    lastResult: text('last_result'),
  },
  (alert) => [
    index('alerts_due').on(alert.nextAt).where(sql`state = 'pending'`),
    check('alerts_kind', oneOf('kind', ALERT_KINDS)),
    check(
      'alerts_state',
      sql`state in ('pending', 'delivered', 'given_up') and (state = 'pending') = (ended_at is null)`,
    ),
  ],
)

/** What operations were told of, each once. */
export const alertOccurrences = pgTable(
  'alert_occurrences',
  {
    kind: text('kind', { enum: ALERT_KINDS }).notNull(),
    subject: text('subject').notNull(),
    /** Tells two occurrences of one subject apart, such as the time it was closed. */
    occurrence: text('occurrence').notNull(),
    at: at('at').notNull().defaultNow(),
  },
  (row) => [
    primaryKey({ columns: [row.kind, row.subject, row.occurrence] }),
    check('alert_occurrences_kind', oneOf('kind', ALERT_KINDS)),
  ],
)
