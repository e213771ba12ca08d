import type { StatementRunner } from '../postgres/pool.ts'
import type { PlanState } from './lifecycle.ts'
import { PLAN_COLUMNS, type Plan } from './plan.ts'
import { RUN_COLUMNS, type RunStory } from './queries.ts'

/**
 * What a partner may read of plans. Every query names the owner: another's plan is not refused, it is not there, nor is an
 * operator's of this partner's orders.
 */

const FIND_OWN_PLAN = {
  name: 'find_own_plan',
  text: `SELECT ${PLAN_COLUMNS} FROM plans p WHERE p.owner = $1 AND p.name = $2`,
}

/** The owner's plan of this name; null when it has none. */
export async function findPartnerPlan(
  runner: StatementRunner,
  owner: string,
  name: string,
): Promise<Plan | null> {
  const [plan] = await runner.run<Plan>(FIND_OWN_PLAN, [owner, name])
  return plan ?? null
}

const LIST_OWN_PLANS = {
  name: 'list_own_plans',
  text: `
    SELECT ${PLAN_COLUMNS} FROM plans p
    WHERE p.owner = $1 AND p.name > $2 AND ($3::text IS NULL OR p.state = $3)
    ORDER BY p.name LIMIT $4`,
}

export interface PartnerPlanFilter {
  readonly owner: string
  readonly state: PlanState | null
  /** The last name of the page before; null: from the first on. */
  readonly after: string | null
  readonly limit: number
}

/** A page of the owner's plans, by name. */
export async function listPartnerPlans(runner: StatementRunner, filter: PartnerPlanFilter): Promise<Plan[]> {
  const { owner, state, after, limit } = filter
  return await runner.run<Plan>(LIST_OWN_PLANS, [owner, after ?? '', state, limit])
}

const READ_OWN_RUNS = {
  name: 'read_own_plan_runs',
  text: `
    SELECT ${RUN_COLUMNS} FROM ops.plan_runs
    WHERE plan_id = $1 AND due_at < $2::timestamptz ORDER BY due_at DESC LIMIT $3`,
}

/** Due times of a plan, the newest first. @param before null: from the newest on */
export async function readRunsBefore(
  runner: StatementRunner,
  planId: number,
  before: Date | null,
  limit: number,
): Promise<RunStory[]> {
  return await runner.run<RunStory>(READ_OWN_RUNS, [planId, before ?? 'infinity', limit])
}
