import { sql } from 'drizzle-orm'
import { check, date, foreignKey, integer, pgTable, serial, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { at } from '../postgres/columns.ts'
import { plans } from './schema.ts'

/** Days on which a plan is not due, each decided by a person before its run was started, and perhaps undone before. */
export const planSkips = pgTable(
  'plan_skips',
  {
    id: serial('id').primaryKey(),
    planId: integer('plan_id').notNull(),
    /** The day that the schedule names, wherever holidays move it. */
    day: date('day', { mode: 'string' }).notNull(),
    reason: text('reason').notNull(),
    skippedBy: text('skipped_by').notNull(),
    skippedAt: at('skipped_at').notNull().defaultNow(),
    undoneBy: text('undone_by'),
    undoneAt: at('undone_at'),
    undoneReason: text('undone_reason'),
  },
  (skip) => [
    foreignKey({ columns: [skip.planId], foreignColumns: [plans.id], name: 'plan_skips_plan_id_fk' }),
    uniqueIndex('plan_skips_open').on(skip.planId, skip.day).where(sql`undone_at is null`),
    check(
      'plan_skips_reasoned',
      sql`reason ~ '\\S' and is_person_name(skipped_by) and (undone_reason is null or undone_reason ~ '\\S')`,
    ),
    check(
      'plan_skips_undone',
      sql`num_nonnulls(undone_by, undone_at, undone_reason) in (0, 3) and is_person_name(undone_by)`,
    ),
  ],
)
