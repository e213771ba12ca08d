import { sql } from 'drizzle-orm'
import { boolean, check, integer, pgTable, primaryKey, text, time } from 'drizzle-orm/pg-core'
import { at, oneOf } from '../postgres/columns.ts'
import { PROCESS_KINDS } from './enums.ts'

/**
 * When something counts as overdue: one row, so that the views, the commands, the metrics and the alerts of every process
 * agree. A scheduler stores its settings here when it starts.
 */
export const overdueRules = pgTable(
  'overdue_rules',
  {
    oneRow: boolean('one_row').primaryKey().default(true),
    /** `RECON_DAILY_AT` and `RECON_LAG_MINUTES`. */
    dailyAt: time('daily_at').notNull().default('07:30'),
    lagMinutes: integer('lag_minutes').notNull().default(60),
    doubtHours: integer('doubt_hours').notNull().default(4),
    heldHours: integer('held_hours').notNull().default(4),
    switchHours: integer('switch_hours').notNull().default(8),
    processSeconds: integer('process_seconds').notNull().default(60),
  },
  () => [check('overdue_rules_one_row', sql`one_row`)],
)

/** The last sign of life of each process. One that stops by itself deletes its row. */
export const processHeartbeats = pgTable(
  'process_heartbeats',
  {
    kind: text('kind', { enum: PROCESS_KINDS }).notNull(),
    /** Host and process id. */
    name: text('name').notNull(),
    startedAt: at('started_at').notNull().defaultNow(),
    seenAt: at('seen_at').notNull().defaultNow(),
  },
  (beat) => [
    primaryKey({ columns: [beat.kind, beat.name] }),
    check('process_heartbeats_kind', oneOf('kind', PROCESS_KINDS)),
  ],
)
