import { date, integer, jsonb, pgSchema, text, uuid } from 'drizzle-orm/pg-core'
import type { BatchState } from '../batches/lifecycle.ts'
import type { OrderKind } from '../orders/command.ts'
import type { OrderState } from '../orders/lifecycle.ts'
import { BREACHES } from '../partners/limits.ts'
import { at } from '../postgres/columns.ts'
import { MISSED_POLICIES, OVERLAP_POLICIES, PLAN_STATES, RUN_STATES } from './lifecycle.ts'
import type { Schedule } from './schedule.ts'

/** The views of plans in schema `ops`; the hand-written migrations define them. */
const ops = pgSchema('ops')

/** A plan, and how many of its due times are in each state. */
export const opsPlans = ops
  .view('plans', {
    planId: integer('plan_id').notNull(),
    name: text('name').notNull(),
    partner: text('partner'),
    kind: text('kind').$type<OrderKind>(),
    phoneNumber: text('phone_number'),
    state: text('state', { enum: PLAN_STATES }).notNull(),
    schedule: jsonb('schedule').$type<Schedule>().notNull(),
    timeZone: text('time_zone').notNull(),
    startsAt: at('starts_at').notNull(),
    endsAt: at('ends_at'),
    maxCount: integer('max_count'),
    missed: text('missed', { enum: MISSED_POLICIES }).notNull(),
    maxAgeMinutes: integer('max_age_minutes').notNull(),
    overlap: text('overlap', { enum: OVERLAP_POLICIES }).notNull(),
    nextDueAt: at('next_due_at'),
    lastStartedAt: at('last_started_at'),
    planned: integer('planned').notNull(),
    started: integer('started').notNull(),
    finished: integer('finished').notNull(),
    skipped: integer('skipped').notNull(),
    createdAt: at('created_at').notNull(),
    createdBy: text('created_by').notNull(),
    batchId: integer('batch_id'),
    owner: text('owner'),
    fromDay: date('from_day', { mode: 'string' }),
    untilDay: date('until_day', { mode: 'string' }),
    replaces: integer('replaces'),
  })
  .existing()

/** A due time of a plan, with the state of the order or batch that it started. */
export const opsPlanRuns = ops
  .view('plan_runs', {
    planId: integer('plan_id').notNull(),
    plan: text('plan').notNull(),
    partner: text('partner'),
    dueAt: at('due_at').notNull(),
    reference: text('reference').notNull(),
    state: text('state', { enum: RUN_STATES }).notNull(),
    reason: text('reason').notNull(),
    orderId: uuid('order_id'),
    orderState: text('order_state').$type<OrderState>(),
    orderReason: text('order_reason'),
    plannedAt: at('planned_at').notNull(),
    startedAt: at('started_at'),
    endedAt: at('ended_at'),
    batchId: integer('batch_id'),
    batchState: text('batch_state').$type<BatchState>(),
    breach: text('breach', { enum: BREACHES }),
    day: date('day', { mode: 'string' }),
  })
  .existing()
