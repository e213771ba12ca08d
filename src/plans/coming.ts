import type { HolidayCalendar } from '../holidays/calendar.ts'
import { readHolidayCalendar } from '../holidays/store.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { type Move, moveOf } from './moved.ts'
import { nextDueTimes, type Plan } from './plan.ts'
import { listOpenSkips, type PlanSkip } from './skips.ts'

/** A due time that has no run yet. */
export interface Coming {
  readonly at: Date
  /** The day that the schedule names. */
  readonly day: string
  /** From where it was moved. */
  readonly move: Move | null
  /** Who skipped it, and why. */
  readonly skip: PlanSkip | null
}

/** What decides about days of plans besides their schedules. */
export interface PlanDays {
  readonly holidays: HolidayCalendar
  readonly skips: readonly PlanSkip[]
}

/** Reads the holidays, and the skipped days of some plans. */
export async function readPlanDays(runner: StatementRunner, plans: readonly Plan[]): Promise<PlanDays> {
  const planIds = plans.map(({ planId }) => planId)
  return {
    holidays: await readHolidayCalendar(runner),
    skips: planIds.length === 0 ? [] : await listOpenSkips(runner, { planIds }),
  }
}

/** The next due times of a plan that is active, those that are skipped among them. */
export function comingOf(
  plan: Plan,
  limit: number,
  { holidays, skips }: PlanDays,
  now = new Date(),
): Coming[] {
  return nextDueTimes(plan, limit, holidays, now).map((due) => ({
    ...due,
    move: moveOf(due, plan.timeZone, holidays.names),
    skip: skips.find(({ planId, day }) => planId === plan.planId && day === due.day) ?? null,
  }))
}
