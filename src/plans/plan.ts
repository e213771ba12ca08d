import type { MissedPolicy, OverlapPolicy, PlanState } from './lifecycle.ts'
import { type Bounds, dueTimes, nextDueTime, type Schedule } from './schedule.ts'
import { plans } from './schema.ts'
import type { PlanSource } from './source.ts'

/** The terms that a plan is added with. */
export interface PlanTerms {
  readonly name: string
  /** The partner that adds it over HTTP, and whose limits apply to its runs; null: an operator's. */
  readonly owner: string | null
  /** Null for a plan of a batch, whose rows name their own. */
  readonly partner: string | null
  readonly source: PlanSource
  readonly schedule: Schedule
  readonly timeZone: string
  /** Null: from now on. */
  readonly startsAt: Date | null
  /** Exclusive. */
  readonly endsAt: Date | null
  readonly maxCount: number | null
  readonly missed: MissedPolicy
  readonly maxAgeMinutes: number
  readonly overlap: OverlapPolicy
  /** Null: the default deadline of orders. */
  readonly deadlineMinutes: number | null
}

/** A stored plan. */
export interface Plan extends PlanTerms {
  readonly planId: number
  readonly startsAt: Date
  readonly state: PlanState
  /** Of the last change of its state. */
  readonly reason: string
  /** The first due time that has no run yet; null when none is left. */
  readonly nextDueAt: Date | null
  /** Due times that have a run. */
  readonly dueCount: number
  readonly pausedAt: Date | null
  readonly createdAt: Date
  readonly createdBy: string
}

/** The columns of a plan, for selections. */
export const planColumns = {
  planId: plans.id,
  name: plans.name,
  owner: plans.owner,
  partner: plans.partner,
  source: plans.source,
  schedule: plans.schedule,
  timeZone: plans.timeZone,
  startsAt: plans.startsAt,
  endsAt: plans.endsAt,
  maxCount: plans.maxCount,
  missed: plans.missed,
  maxAgeMinutes: plans.maxAgeMinutes,
  overlap: plans.overlap,
  deadlineMinutes: plans.deadlineMinutes,
  state: plans.state,
  reason: plans.reason,
  nextDueAt: plans.nextDueAt,
  dueCount: plans.dueCount,
  pausedAt: plans.pausedAt,
  createdAt: plans.createdAt,
  createdBy: plans.createdBy,
} satisfies Record<keyof Plan, unknown>

/** The bounds of the due times that are left. */
export function boundsOf(plan: Pick<Plan, (keyof Bounds & keyof Plan) | 'maxCount' | 'dueCount'>): Bounds {
  const { timeZone, startsAt, endsAt, maxCount, dueCount } = plan
  return { timeZone, startsAt, endsAt, countLeft: maxCount === null ? null : maxCount - dueCount }
}

/** The plan's first due time after a moment, given how many due times already have a run. */
export function nextOf(plan: Plan, dueCount: number, after: Date): Date | null {
  return nextDueTime(plan.schedule, boundsOf({ ...plan, dueCount }), after)
}

/** The next due times of a plan that is active, from the first that has no run yet. */
export function nextDueTimes(plan: Plan, limit: number): Date[] {
  if (plan.state !== 'active' || plan.nextDueAt === null) return []
  return dueTimes(plan.schedule, boundsOf(plan), new Date(plan.nextDueAt.getTime() - 1), limit)
}
