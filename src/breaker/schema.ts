import { sql } from 'drizzle-orm'
import { check, integer, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { at, goldWeight, oneOf, rupiahAmount } from '../postgres/columns.ts'
import { switchClosings } from '../switches/schema.ts'
import { BREACHES } from './decide.ts'
import { PROBE_OUTCOMES } from './probes.ts'

/** What the breaker knows of each closing that it made. */
export const breakerTrips = pgTable(
  'breaker_trips',
  {
    closingId: integer('closing_id')
      .primaryKey()
      .references(() => switchClosings.id),
    breach: text('breach', { enum: BREACHES }).notNull(),
    /** The figures at the breach. */
    figures: jsonb('figures').$type<Readonly<Record<string, unknown>>>().notNull(),
    /** How many pauses there were: each is twice as long as the one before. */
    pauses: integer('pauses').notNull(),
    pausedUntil: at('paused_until').notNull(),
    /** Successful probes since the last pause. */
    successes: integer('successes').notNull().default(0),
    /** The most that a probe may move. */
    probeRupiah: rupiahAmount('probe_rupiah').notNull(),
    probeGrams: goldWeight('probe_grams').notNull(),
  },
  () => [check('breaker_trips_breach', oneOf('breach', BREACHES))],
)

/** The orders that were let through a closing of the breaker, one at a time. An order may probe several closings at once. */
export const breakerProbes = pgTable(
  'breaker_probes',
  {
    closingId: integer('closing_id')
      .notNull()
      .references(() => switchClosings.id),
    orderId: uuid('order_id').notNull(),
    /** Not the time at which the transaction began: the probe before may have ended since. */
    chosenAt: at('chosen_at').notNull().default(sql`clock_timestamp()`),
    endedAt: at('ended_at'),
    outcome: text('outcome', { enum: PROBE_OUTCOMES }),
  },
  (probe) => [
    primaryKey({ columns: [probe.closingId, probe.orderId] }),
    uniqueIndex('breaker_probes_one_at_a_time').on(probe.closingId).where(sql`ended_at is null`),
    // Asked for every order that a closing of the breaker holds.
    uniqueIndex('breaker_probes_order').on(probe.orderId, probe.closingId).where(sql`ended_at is null`),
    check('breaker_probes_outcome', oneOf('outcome', PROBE_OUTCOMES)),
    check('breaker_probes_ended', sql`(ended_at is null) = (outcome is null)`),
  ],
)
