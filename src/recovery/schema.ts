import { sql } from 'drizzle-orm'
import { bigint, boolean, check, pgTable, serial, text } from 'drizzle-orm/pg-core'
import { at } from '../postgres/columns.ts'

/** Which database this is, as it was last known: one row. A restore brings the row along into another database. */
export const databaseIdentity = pgTable(
  'database_identity',
  {
    id: boolean('id').primaryKey().default(true),
    /** System identifier, oid of the database, timeline. */
    identity: text('identity').notNull(),
    /** The last sign of life of a worker or scheduler, at most some 20 seconds apart. */
    aliveAt: at('alive_at').notNull().defaultNow(),
    /** When a process found that this is another database; null while it is the one that is remembered. */
    foundAt: at('found_at'),
    /** What places in feeds are ahead of transaction ids, which begin anew in a database that a dump was restored into. */
    feedShift: bigint('feed_shift', { mode: 'bigint' }).notNull().default(sql`0`),
  },
  () => [check('database_identity_one_row', sql`id`)],
)

/** Recoveries of restored databases. */
export const recoveries = pgTable(
  'recoveries',
  {
    id: serial('id').primaryKey(),
    fromIdentity: text('from_identity').notNull(),
    identity: text('identity').notNull(),
    /** The last sign of life before the restore: what happened since is known to statements only. */
    aliveAt: at('alive_at').notNull(),
    foundAt: at('found_at').notNull(),
    recoveredAt: at('recovered_at').notNull().defaultNow(),
    recoveredBy: text('recovered_by').notNull(),
    note: text('note').notNull(),
  },
  () => [check('recoveries_reasoned', sql`note ~ '\\S' and is_person_name(recovered_by)`)],
)
