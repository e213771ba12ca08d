import type { OrderState } from '../orders/lifecycle.ts'
import type { Breach } from '../partners/limits.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import type { PlanState, RunState } from './lifecycle.ts'
import { PLAN_COLUMNS, type Plan } from './plan.ts'

/** A plan and what became of its due times. */
export interface PlanSummary extends Plan {
  readonly planned: number
  readonly started: number
  readonly finished: number
  readonly skipped: number
}

const LIST_PLANS = {
  name: 'list_plans',
  text: `
    SELECT ${PLAN_COLUMNS}, v.planned, v.started, v.finished, v.skipped
    FROM plans p JOIN ops.plans v ON v.plan_id = p.id
    WHERE ($1::text IS NULL AND p.state IN ('active', 'paused')) OR p.state = $1 OR $1 = 'all'
    ORDER BY p.state, p.next_due_at, p.id`,
}

/** The plans in a state; null: those that live. */
export async function listPlans(
  runner: StatementRunner,
  state: PlanState | 'all' | null,
): Promise<PlanSummary[]> {
  return await runner.run<PlanSummary>(LIST_PLANS, [state])
}

// A name may have been given again: the plan that lives is meant, else the newest. A partner's plan is named with it.
const FIND_PLAN = {
  name: 'find_plan',
  text: `
    SELECT ${PLAN_COLUMNS}, v.planned, v.started, v.finished, v.skipped
    FROM plans p JOIN ops.plans v ON v.plan_id = p.id
    WHERE p.id::text = $1 OR concat_ws('/', p.owner, p.name) = $1
    ORDER BY p.id::text = $1 DESC, p.state IN ('active', 'paused') DESC, p.id DESC LIMIT 1`,
}

/** Finds a plan by its number or its name, a partner's by `partner/name`; null when there is none. */
export async function findPlan(runner: StatementRunner, given: string): Promise<PlanSummary | null> {
  const [plan] = await runner.run<PlanSummary>(FIND_PLAN, [given])
  return plan ?? null
}

/** One due time of a plan and the order or batch that came of it. */
export interface RunStory {
  readonly dueAt: Date
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

/** For `SELECT … FROM ops.plan_runs`. */
export const RUN_COLUMNS = `
  due_at AS "dueAt", state, reason, breach, reference, order_id AS "orderId", order_state AS "orderState",
  order_reason AS "orderReason", batch_id AS "batchId", batch_state AS "batchState", started_at AS "startedAt",
  ended_at AS "endedAt"`

const READ_RUNS = {
  name: 'read_plan_runs',
  text: `
    SELECT ${RUN_COLUMNS} FROM ops.plan_runs WHERE plan_id = $1 AND ($2::timestamptz IS NULL OR due_at = $2)
    ORDER BY due_at DESC LIMIT $3 OFFSET $4`,
}

/** The newest due times of a plan, the newest first. */
export async function readRuns(
  runner: StatementRunner,
  planId: number,
  { limit, skip }: { readonly limit: number; readonly skip: number },
): Promise<RunStory[]> {
  return await runner.run<RunStory>(READ_RUNS, [planId, null, limit, skip])
}

const COUNT_RUNS = {
  name: 'count_plan_runs',
  text: 'SELECT count(*)::int AS count FROM plan_runs WHERE plan_id = $1',
}

/** How many due times a plan has had. */
export async function countRuns(runner: StatementRunner, planId: number): Promise<number> {
  const [row] = await runner.run<{ count: number }>(COUNT_RUNS, [planId])
  return row?.count ?? 0
}

/** One due time of a plan. */
export async function readRun(runner: StatementRunner, planId: number, dueAt: Date): Promise<RunStory> {
  const [run] = await runner.run<RunStory>(READ_RUNS, [planId, dueAt, 1, 0])
  if (run === undefined) throw new Error('a due time that was written vanished')
  return run
}

/** One move of a plan itself. */
export interface PlanEvent {
  readonly at: Date
  readonly fromState: PlanState | null
  readonly toState: PlanState
  readonly reason: string
  readonly actor: string
  readonly note: string | null
}

const READ_PLAN_EVENTS = {
  name: 'read_plan_events',
  text: `
    SELECT at, from_state AS "fromState", to_state AS "toState", reason, actor, note
    FROM plan_events WHERE plan_id = $1 AND due_at IS NULL ORDER BY id`,
}

/** The moves of a plan, the first first. */
export async function readPlanEvents(runner: StatementRunner, planId: number): Promise<PlanEvent[]> {
  return await runner.run<PlanEvent>(READ_PLAN_EVENTS, [planId])
}
