import { and, eq, sql } from 'drizzle-orm'
import { nullable, statement } from '../postgres/statement.ts'
import { planColumns } from './plan.ts'
import { planRuns, plans } from './schema.ts'

/** Inserts a plan; none when its name is taken. */
export const insertPlan = statement(
  'insert_plan',
  {
    name: plans.name,
    owner: nullable(plans.owner),
    partner: nullable(plans.partner),
    source: plans.source,
    schedule: plans.schedule,
    timeZone: plans.timeZone,
    startsAt: plans.startsAt,
    endsAt: nullable(plans.endsAt),
    maxCount: nullable(plans.maxCount),
    missed: plans.missed,
    maxAgeMinutes: plans.maxAgeMinutes,
    overlap: plans.overlap,
    deadlineMinutes: nullable(plans.deadlineMinutes),
    batchId: nullable(plans.batchId),
    actor: plans.actor,
    note: nullable(plans.note),
    nextDueAt: plans.nextDueAt,
    nextDay: plans.nextDay,
    calendar: plans.calendar,
    fromDay: nullable(plans.fromDay),
    replaces: nullable(plans.replaces),
    reason: plans.reason,
    createdBy: plans.createdBy,
    createdAt: plans.createdAt,
  },
  (db, terms) =>
    db
      .insert(plans)
      .values({ ...terms, state: 'active' })
      .onConflictDoNothing()
      .returning(planColumns),
)

/** Locks a plan, whoever holds it, until the transaction ends. */
export const lockPlan = statement('lock_plan_for_person', { planId: plans.id }, (db, { planId }) =>
  db.select(planColumns).from(plans).where(eq(plans.id, planId)).for('update'),
)

// Triggers refuse a change of state that is not legal, and append it to the plan's events.
export const setPaused = statement(
  'pause_plan',
  {
    planId: plans.id,
    actor: plans.actor,
    note: nullable(plans.note),
    reason: plans.reason,
    now: plans.pausedAt,
  },
  (db, { planId, actor, note, reason, now }) =>
    db
      .update(plans)
      .set({ state: 'paused', reason, actor, note, pausedAt: now })
      .where(eq(plans.id, planId))
      .returning(planColumns),
)

export const setResumed = statement(
  'resume_plan',
  {
    planId: plans.id,
    actor: plans.actor,
    note: nullable(plans.note),
    reason: plans.reason,
    nextDueAt: nullable(plans.nextDueAt),
    nextDay: nullable(plans.nextDay),
    calendar: plans.calendar,
  },
  (db, { planId, actor, note, reason, nextDueAt, nextDay, calendar }) =>
    db
      .update(plans)
      .set({ state: 'active', reason, actor, note, pausedAt: null, nextDueAt, nextDay, calendar })
      .where(eq(plans.id, planId))
      .returning(planColumns),
)

export const skipPlanned = statement(
  'skip_runs_of_removed_plan',
  { planId: planRuns.planId, actor: planRuns.actor },
  (db, { planId, actor }) =>
    db
      .update(planRuns)
      .set({ state: 'skipped', reason: 'plan_removed', actor })
      .where(and(eq(planRuns.planId, planId), sql`${planRuns.state} = 'planned'`)),
)

export const setRemoved = statement(
  'remove_plan',
  { planId: plans.id, actor: plans.actor, note: nullable(plans.note), reason: plans.reason },
  (db, { planId, actor, note, reason }) =>
    db
      .update(plans)
      .set({ state: 'removed', reason, actor, note })
      .where(eq(plans.id, planId))
      .returning(planColumns),
)

/** A plan by its number. */
export const findPlanById = statement('find_plan_by_id', { planId: plans.id }, (db, { planId }) =>
  db.select(planColumns).from(plans).where(eq(plans.id, planId)),
)

/** Leaves a plan's days from one on to the plan that goes on. */
export const setUntilDay = statement(
  'end_plan_before_day',
  {
    planId: plans.id,
    untilDay: nullable(plans.untilDay),
    nextDueAt: nullable(plans.nextDueAt),
    nextDay: nullable(plans.nextDay),
  },
  (db, { planId, untilDay, nextDueAt, nextDay }) =>
    db.update(plans).set({ untilDay, nextDueAt, nextDay }).where(eq(plans.id, planId)),
)

/** The plan that goes on after a plan was changed, and the one that a plan goes on from. */
export const findLinkedPlans = statement(
  'find_linked_plans',
  { planId: plans.id, replaces: nullable(plans.replaces) },
  (db, { planId, replaces }) =>
    db
      .select({ planId: plans.id, name: plans.name, replaces: plans.replaces })
      .from(plans)
      .where(sql`${plans.replaces} = ${planId} or ${plans.id} = ${replaces}`),
)
