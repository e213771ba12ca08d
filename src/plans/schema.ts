import { sql } from 'drizzle-orm'
import {
  bigserial,
  boolean,
  check,
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  serial,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { batches } from '../batches/schema.ts'
import { orders } from '../orders/schema.ts'
import { BREACHES } from '../partners/limits.ts'
import { partners } from '../partners/schema.ts'
import { at, oneOf } from '../postgres/columns.ts'
import {
  FINAL_PLAN_STATES,
  MISSED_POLICIES,
  OVERLAP_POLICIES,
  PLAN_STATES,
  type PlanState,
  RUN_STATES,
  type RunState,
} from './lifecycle.ts'
import type { Schedule } from './schedule.ts'
import type { PlanSource } from './source.ts'

/**
 * The tables of plans. Legal moves, what never changes, the events and the erasure of a withdrawal's personal data are
 * held by the triggers of the hand-written migrations.
 */

/** A recurring order or batch: what, when, and what becomes of due times that were missed or that overlap. */
export const plans = pgTable(
  'plans',
  {
    id: serial('id').primaryKey(),
    name: text('name').notNull(),
    /** The partner that added it over HTTP and may see and change it; null: an operator's. */
    owner: text('owner'),
    /** Null: each row of its batch has its own. */
    partner: text('partner'),
    /**
     * What each run sends: `is` says what it is; an order has its kind, phone_number and content, a batch its batch_id and
     * how its copies run.
     */
    source: jsonb('source').$type<PlanSource>().notNull(),
    /** The approved batch that each run copies; it is this plan's alone. */
    batchId: integer('batch_id'),
    schedule: jsonb('schedule').$type<Schedule>().notNull(),
    timeZone: text('time_zone').notNull(),
    startsAt: at('starts_at').notNull(),
    /** Exclusive. */
    endsAt: at('ends_at'),
    /** Due times in all; those that were skipped count. */
    maxCount: integer('max_count'),
    missed: text('missed', { enum: MISSED_POLICIES }).notNull(),
    /** A due time that could not be started for so long is given up. */
    maxAgeMinutes: integer('max_age_minutes').notNull(),
    overlap: text('overlap', { enum: OVERLAP_POLICIES }).notNull(),
    /** How long after its start an order may still be confirmed; null: as long as every order. */
    deadlineMinutes: integer('deadline_minutes'),
    state: text('state', { enum: PLAN_STATES }).notNull(),
    /** Of the last move; the trigger copies them into plan_events. */
    reason: text('reason').notNull(),
    actor: text('actor').notNull(),
    note: text('note'),
    /** The first due time without a row in plan_runs; null when none is left. */
    nextDueAt: at('next_due_at'),
    /** The day that the schedule names for it, wherever it was moved. */
    nextDay: date('next_day', { mode: 'string' }),
    /** The version of the holidays by which it was computed. */
    calendar: integer('calendar').notNull().default(0),
    /** The days that are this plan's, where it changed another or was changed: from one on, and before another. */
    fromDay: date('from_day', { mode: 'string' }),
    untilDay: date('until_day', { mode: 'string' }),
    replaces: integer('replaces'),
    dueCount: integer('due_count').notNull().default(0),
    pausedAt: at('paused_at'),
    createdAt: at('created_at').notNull().defaultNow(),
    createdBy: text('created_by').notNull(),
  },
  (plan) => [
    // The name of an operator's plan that is over may be reused. A partner's is never reused: a late repetition of the
    // request that added the plan would add it again.
    uniqueIndex('plans_name').on(plan.name).where(sql`owner is null and state in ('active', 'paused')`),
    uniqueIndex('plans_owner_name').on(plan.owner, plan.name).where(sql`owner is not null`),
    index('plans_next_due_at').on(plan.nextDueAt).where(sql`state in ('active', 'paused')`),
    index('plans_calendar')
      .on(plan.calendar)
      .where(sql`state in ('active', 'paused') and next_due_at is not null`),
    index('plans_without_due_time').on(plan.id).where(sql`state = 'active' and next_due_at is null`),
    foreignKey({ columns: [plan.owner], foreignColumns: [partners.name], name: 'plans_owner_fk' }),
    check('plans_owner', sql`owner = partner or owner is null or partner is null`),
    check('plans_state', oneOf('state', PLAN_STATES)),
    check('plans_missed', oneOf('missed', MISSED_POLICIES)),
    check('plans_overlap', oneOf('overlap', OVERLAP_POLICIES)),
    foreignKey({ columns: [plan.batchId], foreignColumns: [batches.id], name: 'plans_batch_id_fk' }),
    uniqueIndex('plans_batch_id').on(plan.batchId),
    foreignKey({ columns: [plan.replaces], foreignColumns: [plan.id], name: 'plans_replaces_fk' }),
    uniqueIndex('plans_replaces').on(plan.replaces).where(sql`replaces is not null`),
    check('plans_replaces_from', sql`(replaces is null) = (from_day is null)`),
    check('plans_source', sql`coalesce(source ->> 'is', '') in ('order', 'batch')`),
    check(
      'plans_wallets',
      sql`is_phone_number(source ->> 'phone_number') and is_phone_number(source -> 'content' ->> 'recipient')`,
    ),
    check(
      'plans_batch',
      sql`(source ->> 'batch_id')::int is not distinct from batch_id and (batch_id is not null) = (source ->> 'is' = 'batch') and (batch_id is null) = (partner is not null) and (batch_id is null or deadline_minutes is null)`,
    ),
    check('plans_paused', sql`(state = 'paused') <= (paused_at is not null)`),
    check(
      'plans_bounds',
      sql`starts_at < ends_at and max_count > 0 and max_age_minutes > 0 and deadline_minutes > 0`,
    ),
    check(
      'plans_final_is_erased',
      sql`not (${oneOf('state', FINAL_PLAN_STATES)} and (source -> 'content' ? 'ktp' or source -> 'content' ? 'address'))`,
    ),
  ],
)

/** One due time of a plan, written before anything is sent. */
export const planRuns = pgTable(
  'plan_runs',
  {
    planId: integer('plan_id').notNull(),
    dueAt: at('due_at').notNull(),
    /** The day that the schedule names for it; null: a person or the owner asked for it. */
    day: date('day', { mode: 'string' }),
    /** Of its order. It follows from plan and due time, so that every scheduler submits the same order. */
    reference: text('reference').notNull(),
    state: text('state', { enum: RUN_STATES }).notNull(),
    reason: text('reason').notNull(),
    actor: text('actor').notNull(),
    /** It waits for the run before it, or for its owner's next minute, and is therefore not late. */
    isWaiting: boolean('is_waiting').notNull().default(false),
    /** The limit of its owner for which it was skipped. */
    breach: text('breach', { enum: BREACHES }),
    orderId: uuid('order_id'),
    /** Of a plan of a batch, instead of an order: the copy that this run made. */
    batchId: integer('batch_id'),
    plannedAt: at('planned_at').notNull().defaultNow(),
    startedAt: at('started_at'),
    endedAt: at('ended_at'),
  },
  (run) => [
    primaryKey({ columns: [run.planId, run.dueAt] }),
    foreignKey({ columns: [run.planId], foreignColumns: [plans.id], name: 'plan_runs_plan_id_fk' }),
    foreignKey({ columns: [run.orderId], foreignColumns: [orders.id], name: 'plan_runs_order_id_fk' }),
    foreignKey({ columns: [run.batchId], foreignColumns: [batches.id], name: 'plan_runs_batch_id_fk' }),
    uniqueIndex('plan_runs_batch_id').on(run.batchId).where(sql`batch_id is not null`),
    uniqueIndex('plan_runs_order_id').on(run.orderId).where(sql`order_id is not null`),
    index('plan_runs_planned').on(run.planId, run.dueAt).where(sql`state = 'planned'`),
    index('plan_runs_started').on(run.planId).where(sql`state = 'started'`),
    // Lists count each plan's due times by state: from this index alone.
    index('plan_runs_states').on(run.planId, run.state, run.startedAt),
    check('plan_runs_state', oneOf('state', RUN_STATES)),
    check('plan_runs_order', sql`num_nonnulls(order_id, batch_id) = (state in ('started', 'finished'))::int`),
    check('plan_runs_breach', sql`(breach is not null) = (reason = 'limit_reached')`),
    check('plan_runs_breach_known', oneOf('breach', BREACHES)),
    check('plan_runs_ended', sql`(ended_at is not null) = (state in ('skipped', 'finished'))`),
  ],
)

/** What happened to plans and to their runs, written by the triggers. */
export const planEvents = pgTable(
  'plan_events',
  {
    id: bigserial('id', { mode: 'bigint' }).primaryKey(),
    planId: integer('plan_id').notNull(),
    /** Null: of the plan itself. */
    dueAt: at('due_at'),
    at: at('at').notNull(),
    fromState: text('from_state').$type<PlanState | RunState>(),
    toState: text('to_state').$type<PlanState | RunState>().notNull(),
    reason: text('reason').notNull(),
    actor: text('actor').notNull(),
    note: text('note'),
  },
  (event) => [index('plan_events_plan_id').on(event.planId)],
)

/** The legal moves as rows, for the triggers. `from_state` is empty for a creation. */
export const planTransitions = pgTable(
  'plan_transitions',
  {
    subject: text('subject', { enum: ['plan', 'run'] }).notNull(),
    fromState: text('from_state').notNull(),
    toState: text('to_state').notNull(),
    reason: text('reason').notNull(),
  },
  (move) => [primaryKey({ columns: [move.subject, move.fromState, move.toState, move.reason] })],
)
