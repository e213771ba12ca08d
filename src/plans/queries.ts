import { and, asc, desc, eq, isNull, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { OrderState } from '../orders/lifecycle.ts'
import type { Breach } from '../partners/limits.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { nullable, statement, type } from '../postgres/statement.ts'
import type { PlanState, RunState } from './lifecycle.ts'
import { type Plan, planColumns } from './plan.ts'
import { planEvents, planRuns, plans } from './schema.ts'
import { opsPlanRuns, opsPlans } from './views.ts'

/** A plan, and how many of its due times are in each state. */
export interface PlanSummary extends Plan {
  readonly planned: number
  readonly started: number
  readonly finished: number
  readonly skipped: number
}

// The table and the view have the same name.
const counted = alias(opsPlans, 'counted')

const summaryColumns = {
  ...planColumns,
  planned: counted.planned,
  started: counted.started,
  finished: counted.finished,
  skipped: counted.skipped,
}
const isAlive = sql`${plans.state} in ('active', 'paused')`

const selectPlans = statement('list_plans', { state: nullable(type.text) }, (db, { state }) =>
  db
    .select(summaryColumns)
    .from(plans)
    .innerJoin(counted, eq(counted.planId, plans.id))
    .where(sql`(${state} is null and ${isAlive}) or ${plans.state} = ${state} or ${state} = 'all'`)
    .orderBy(asc(plans.state), asc(plans.nextDueAt), asc(plans.id)),
)

/** The plans in a state; null: those that are active or paused. */
export async function listPlans(
  runner: StatementRunner,
  state: PlanState | 'all' | null,
): Promise<PlanSummary[]> {
  return await selectPlans(runner, { state })
}

// A name may have been reused: the plan that is active or paused is meant, else the newest.
const selectPlan = statement('find_plan', { given: type.text }, (db, { given }) => {
  const isNumber = sql`${plans.id}::text = ${given}`
  return db
    .select(summaryColumns)
    .from(plans)
    .innerJoin(counted, eq(counted.planId, plans.id))
    .where(sql`${isNumber} or concat_ws('/', ${plans.owner}, ${plans.name}) = ${given}`)
    .orderBy(desc(isNumber), desc(isAlive), desc(plans.id))
    .limit(1)
})

/** Finds a plan by its number or its name, a partner's by `partner/name`; null when there is none. */
export async function findPlan(runner: StatementRunner, given: string): Promise<PlanSummary | null> {
  const [plan] = await selectPlan(runner, { given })
  return plan ?? null
}

/** One due time of a plan, and the order or batch that it started. */
export interface RunStory {
  readonly dueAt: Date
  /** The day that the schedule names; null: somebody asked for it. */
  readonly day: string | null
  readonly state: RunState
  readonly reason: string
  /** The limit of the plan's owner for which it was skipped. */
  readonly breach: Breach | null
  readonly reference: string
  readonly orderId: string | null
  readonly orderState: OrderState | null
  readonly orderReason: string | null
  readonly batchId: number | null
  readonly batchState: string | null
  readonly startedAt: Date | null
  readonly endedAt: Date | null
}

/** The columns of a due time, for selections. */
export const runColumns = {
  dueAt: opsPlanRuns.dueAt,
  day: opsPlanRuns.day,
  state: opsPlanRuns.state,
  reason: opsPlanRuns.reason,
  breach: opsPlanRuns.breach,
  reference: opsPlanRuns.reference,
  orderId: opsPlanRuns.orderId,
  orderState: opsPlanRuns.orderState,
  orderReason: opsPlanRuns.orderReason,
  batchId: opsPlanRuns.batchId,
  batchState: opsPlanRuns.batchState,
  startedAt: opsPlanRuns.startedAt,
  endedAt: opsPlanRuns.endedAt,
} satisfies Record<keyof RunStory, unknown>

const selectRuns = statement(
  'read_plan_runs',
  {
    planId: planRuns.planId,
    dueAt: nullable(planRuns.dueAt),
    state: nullable(type.text),
    limit: type.integer,
    skip: type.integer,
  },
  (db, { planId, dueAt, state }) =>
    db
      .select(runColumns)
      .from(opsPlanRuns)
      .where(
        and(
          eq(opsPlanRuns.planId, planId),
          sql`(${dueAt} is null or ${opsPlanRuns.dueAt} = ${dueAt})`,
          sql`(${state} is null or ${opsPlanRuns.state} = ${state})`,
        ),
      )
      .orderBy(desc(opsPlanRuns.dueAt))
      .limit(sql.placeholder('limit'))
      .offset(sql.placeholder('skip')),
)

/** The newest due times of a plan, the newest first; only those in a state, where one is named. */
export async function readRuns(
  runner: StatementRunner,
  planId: number,
  {
    limit,
    skip,
    state = null,
  }: { readonly limit: number; readonly skip: number; readonly state?: RunState | null },
): Promise<RunStory[]> {
  return await selectRuns(runner, { planId, dueAt: null, state, limit, skip })
}

const selectRunCount = statement('count_plan_runs', { planId: planRuns.planId }, (db, { planId }) =>
  db.select({ count: sql<number>`count(*)::int` }).from(planRuns).where(eq(planRuns.planId, planId)),
)

/** How many due times a plan has had. */
export async function countRuns(runner: StatementRunner, planId: number): Promise<number> {
  const [row] = await selectRunCount(runner, { planId })
  return row?.count ?? 0
}

/** One due time of a plan. */
export async function readRun(runner: StatementRunner, planId: number, dueAt: Date): Promise<RunStory> {
  const [run] = await selectRuns(runner, { planId, dueAt, state: null, limit: 1, skip: 0 })
  if (run === undefined) throw new Error('a due time that was written vanished')
  return run
}

/** One change of a plan's state. */
export interface PlanEvent {
  readonly at: Date
  readonly fromState: PlanState | null
  readonly toState: PlanState
  readonly reason: string
  readonly actor: string
  readonly note: string | null
}

const selectPlanEvents = statement('read_plan_events', { planId: planEvents.planId }, (db, { planId }) =>
  db
    .select({
      at: planEvents.at,
      // An event without a due time is the plan's own.
      fromState: sql<PlanState | null>`${planEvents.fromState}`,
      toState: sql<PlanState>`${planEvents.toState}`,
      reason: planEvents.reason,
      actor: planEvents.actor,
      note: planEvents.note,
    })
    .from(planEvents)
    .where(and(eq(planEvents.planId, planId), isNull(planEvents.dueAt)))
    .orderBy(asc(planEvents.id)),
)

/** The changes of a plan's state, the earliest first. */
export async function readPlanEvents(runner: StatementRunner, planId: number): Promise<PlanEvent[]> {
  return await selectPlanEvents(runner, { planId })
}
