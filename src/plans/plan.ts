import { wallClockOf } from '../core/time-zone.ts'
import type { HolidayCalendar } from '../holidays/calendar.ts'
import { type Due, formatDay } from './calendar.ts'
import type { MissedPolicy, OverlapPolicy, PlanState } from './lifecycle.ts'
import { type Bounds, dueTimes, nextDue, positionAfter, type Schedule } from './schedule.ts'
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
  /** The day that the schedule names for it. */
  readonly nextDay: string | null
  /** The version of the holidays by which it was computed. */
  readonly calendar: number
  /** The days that are this plan's: from one on, and before another. Null: as its start and its end say. */
  readonly fromDay: string | null
  readonly untilDay: string | null
  /** The plan whose order or schedule it changed. */
  readonly replaces: number | null
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
  nextDay: plans.nextDay,
  calendar: plans.calendar,
  fromDay: plans.fromDay,
  untilDay: plans.untilDay,
  replaces: plans.replaces,
  dueCount: plans.dueCount,
  pausedAt: plans.pausedAt,
  createdAt: plans.createdAt,
  createdBy: plans.createdBy,
} satisfies Record<keyof Plan, unknown>

/** The bounds of the due times that are left. */
export function boundsOf(plan: Pick<Plan, (keyof Bounds & keyof Plan) | 'maxCount' | 'dueCount'>): Bounds {
  const { timeZone, startsAt, endsAt, fromDay, untilDay, maxCount, dueCount } = plan
  return {
    ...{ timeZone, startsAt, endsAt, fromDay, untilDay },
    countLeft: maxCount === null ? null : maxCount - dueCount,
  }
}

/** The plan's first due time after another, given how many due times already have a run. */
export function nextAfter(plan: Plan, dueCount: number, last: Due, holidays: HolidayCalendar): Due | null {
  const bounds = boundsOf({ ...plan, dueCount })
  return nextDue(plan.schedule, bounds, positionAfter(plan.schedule, last), holidays.names)
}

/** The due time that a paused plan goes on with: none that had a run, and none of the time of the pause. */
export function nextFromNow(plan: Plan, now: Date, holidays: HolidayCalendar): Due | null {
  const fromDay = plan.schedule.is === 'monthly' ? plan.nextDay : null
  return nextDue(plan.schedule, boundsOf(plan), { after: now, fromDay }, holidays.names)
}

const BEGINNING = new Date(0)

/**
 * The first due time that has no run yet, by the holidays of now. One whose day was moved since it was computed moves with
 * it, unless the new time is over: then the holiday came too late, and it stays where it was.
 */
export function pendingDue(plan: Plan, holidays: HolidayCalendar, now: Date): Due | null {
  const { schedule, nextDueAt, timeZone } = plan
  if (nextDueAt === null) return null
  const day = plan.nextDay ?? formatDay(wallClockOf(timeZone).localOf(nextDueAt))
  const stays = { at: nextDueAt, day }
  if (plan.calendar === holidays.version || schedule.is === 'cron') return stays
  const moved = nextDue(schedule, boundsOf(plan), { after: BEGINNING, fromDay: day }, holidays.names)
  if (moved === null) return null
  return moved.day === day && moved.at >= now ? moved : stays
}

/** The next due times of a plan that is active, from the first that has no run yet. */
export function nextDueTimes(plan: Plan, limit: number, holidays: HolidayCalendar, now: Date): Due[] {
  const first = plan.state === 'active' ? pendingDue(plan, holidays, now) : null
  if (first === null) return []
  const bounds = boundsOf({ ...plan, dueCount: plan.dueCount + 1 })
  const position = positionAfter(plan.schedule, first)
  return [first, ...dueTimes(plan.schedule, bounds, position, limit - 1, holidays.names)]
}
