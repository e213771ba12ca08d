import type { OrderKind } from '../orders/command.ts'
import type { OrderContent } from '../orders/submission.ts'
import type { MissedPolicy, OverlapPolicy, PlanState } from './lifecycle.ts'
import { type Bounds, dueTimes, nextDueTime, type Schedule } from './schedule.ts'

/** One order, the same at every due time. Spelled as Postgres keeps it. */
export interface OrderSource {
  readonly is: 'order'
  readonly kind: OrderKind
  readonly phone_number: string
  readonly content: OrderContent
}

/** An approved batch, copied at every due time. Spelled as Postgres keeps it. */
export interface BatchSource {
  readonly is: 'batch'
  readonly batch_id: number
  readonly rate_per_second: number
  readonly stop_after_failures: number | null
}

/** What a run sends: a source of orders whose references follow from the plan and the due time. */
export type PlanSource = OrderSource | BatchSource

/** What is asked for when a plan is added. */
export interface PlanTerms {
  readonly name: string
  /** The partner that adds it over HTTP, and whose limits hold for its runs; null: an operator's. */
  readonly owner: string | null
  /** Null: of a batch, whose rows have their own. */
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
  /** Null: as long as every order. */
  readonly deadlineMinutes: number | null
}

/** A plan as it is kept. */
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

/** For `SELECT … FROM plans p`. */
export const PLAN_COLUMNS = `
  p.id AS "planId", p.name, p.owner, p.partner, p.source, p.schedule, p.time_zone AS "timeZone", p.starts_at AS "startsAt",
  p.ends_at AS "endsAt", p.max_count AS "maxCount", p.missed, p.max_age_minutes AS "maxAgeMinutes", p.overlap,
  p.deadline_minutes AS "deadlineMinutes", p.state, p.reason, p.next_due_at AS "nextDueAt", p.due_count AS "dueCount",
  p.paused_at AS "pausedAt", p.created_at AS "createdAt", p.created_by AS "createdBy"`

/** What the schedule may still give. */
export function boundsOf(plan: Pick<Plan, (keyof Bounds & keyof Plan) | 'maxCount' | 'dueCount'>): Bounds {
  const { timeZone, startsAt, endsAt, maxCount, dueCount } = plan
  return { timeZone, startsAt, endsAt, countLeft: maxCount === null ? null : maxCount - dueCount }
}

/** The plan's first due time after a moment, when so many due times have a run. */
export function nextOf(plan: Plan, dueCount: number, after: Date): Date | null {
  return nextDueTime(plan.schedule, boundsOf({ ...plan, dueCount }), after)
}

/** The next due times of a plan that is active, from the first that has no run yet. */
export function nextDueTimes(plan: Plan, limit: number): Date[] {
  if (plan.state !== 'active' || plan.nextDueAt === null) return []
  return dueTimes(plan.schedule, boundsOf(plan), new Date(plan.nextDueAt.getTime() - 1), limit)
}
