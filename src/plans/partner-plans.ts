import { and, asc, desc, eq, gt, sql } from 'drizzle-orm'
import type { StatementRunner } from '../postgres/pool.ts'
import { nullable, statement, type } from '../postgres/statement.ts'
import type { PlanState } from './lifecycle.ts'
import { type Plan, planColumns } from './plan.ts'
import { type RunStory, runColumns } from './queries.ts'
import { plans } from './schema.ts'
import { opsPlanRuns } from './views.ts'

/**
 * What a partner may read of plans. Every query names the owner: the plan of another partner, and an operator's plan of
 * this partner's orders, are not refused but not found.
 */

const selectPlan = statement(
  'find_own_plan',
  { owner: plans.owner, name: plans.name },
  (db, { owner, name }) =>
    db
      .select(planColumns)
      .from(plans)
      .where(and(eq(plans.owner, owner), eq(plans.name, name))),
)

/** The owner's plan of this name; null when it has none. */
export async function findPartnerPlan(
  runner: StatementRunner,
  owner: string,
  name: string,
): Promise<Plan | null> {
  const [plan] = await selectPlan(runner, { owner, name })
  return plan ?? null
}

const selectPlans = statement(
  'list_own_plans',
  { owner: plans.owner, after: plans.name, state: nullable(plans.state), limit: type.integer },
  (db, { owner, after, state }) =>
    db
      .select(planColumns)
      .from(plans)
      .where(
        and(
          eq(plans.owner, owner),
          gt(plans.name, after),
          sql`(${state} is null or ${plans.state} = ${state})`,
        ),
      )
      .orderBy(asc(plans.name))
      .limit(sql.placeholder('limit')),
)

export interface PartnerPlanFilter {
  readonly owner: string
  readonly state: PlanState | null
  /** The last name of the previous page; null: the first page. */
  readonly after: string | null
  readonly limit: number
}

/** A page of the owner's plans, by name. */
export async function listPartnerPlans(runner: StatementRunner, filter: PartnerPlanFilter): Promise<Plan[]> {
  return await selectPlans(runner, { ...filter, after: filter.after ?? '' })
}

const selectRunsBefore = statement(
  'read_own_plan_runs',
  { planId: opsPlanRuns.planId, before: nullable(opsPlanRuns.dueAt), limit: type.integer },
  (db, { planId, before }) =>
    db
      .select(runColumns)
      .from(opsPlanRuns)
      .where(and(eq(opsPlanRuns.planId, planId), sql`${opsPlanRuns.dueAt} < coalesce(${before}, 'infinity')`))
      .orderBy(desc(opsPlanRuns.dueAt))
      .limit(sql.placeholder('limit')),
)

/** Due times of a plan, the newest first. @param before null: from the newest on */
export async function readRunsBefore(
  runner: StatementRunner,
  planId: number,
  before: Date | null,
  limit: number,
): Promise<RunStory[]> {
  return await selectRunsBefore(runner, { planId, before, limit })
}
