import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  index,
  integer,
  pgTable,
  primaryKey,
  serial,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { changeRequests } from '../approvals/schema.ts'
import { at } from '../postgres/columns.ts'

/**
 * Each closing of a switch, until it is opened and afterwards: what is closed now, and the history. Triggers let no intent
 * be committed after a closing that holds its order, and let two people open it, once.
 */
export const switchClosings = pgTable(
  'switch_closings',
  {
    id: serial('id').primaryKey(),
    /** What is held, as `formatScope` writes it. */
    scope: text('scope').notNull(),
    reason: text('reason').notNull(),
    /** `person:<name>`, or the part of the program that closed it by itself. */
    closedBy: text('closed_by').notNull(),
    closedAt: at('closed_at').notNull().defaultNow(),
    /** The deadlines of the orders that wait stand still. */
    extendsDeadlines: boolean('extends_deadlines').notNull().default(false),
    /** The person who closed, too, what the breaker has closed: it is opened by two people only. */
    keptClosedBy: text('kept_closed_by'),
    openedAt: at('opened_at'),
    openedBy: text('opened_by'),
    /** The change that two people approved. */
    requestId: integer('request_id').references(() => changeRequests.id),
  },
  (closing) => [
    uniqueIndex('switch_closings_one_closed').on(closing.scope).where(sql`opened_at is null`),
    check(
      'switch_closings_scope',
      sql`scope ~ '^(everything|kind:(buy|sell|transfer|withdraw)|partner:[A-Za-z0-9][A-Za-z0-9._-]{0,62}|(batch|plan):[1-9][0-9]{0,8})$'`,
    ),
    check('switch_closings_reasoned', sql`reason ~ '\\S' and closed_by ~ '\\S'`),
    check('switch_closings_opened', sql`(opened_at is null) = (opened_by is null)`),
  ],
)

/** Orders that wait, or waited, for a switch. The trigger computes times and deadlines. */
export const switchWaits = pgTable(
  'switch_waits',
  {
    orderId: uuid('order_id').notNull(),
    closingId: integer('closing_id')
      .notNull()
      .references(() => switchClosings.id),
    /** From when the time counts that an extended deadline is given. */
    since: at('since').notNull(),
    endedAt: at('ended_at'),
    deadlineBefore: at('deadline_before'),
    deadlineAfter: at('deadline_after'),
  },
  (wait) => [
    primaryKey({ columns: [wait.orderId, wait.closingId] }),
    // An order waits for one switch at a time, so that no moment is given to its deadline twice.
    uniqueIndex('switch_waits_one_open').on(wait.orderId).where(sql`ended_at is null`),
    index('switch_waits_open').on(wait.closingId).where(sql`ended_at is null`),
  ],
)
