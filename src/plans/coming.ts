import type { HolidayCalendar } from '../holidays/calendar.ts'
import { readHolidayCalendar } from '../holidays/store.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { type Move, movedFrom } from './moved.ts'
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
    move: movedFrom(due, plan.timeZone, holidays.names),
    skip: skips.find(({ planId, day }) => planId === plan.planId && day === due.day) ?? null,
  }))
}

/** How many skipped dates in a row a list looks past. */
const MOST_SKIPPED = 12

/** When a plan places something next: skipped dates are left out. Null when it is not active, or is due no more. */
export function nextPlacedOf(plan: Plan, days: PlanDays, now = new Date()): Date | null {
  const [first] = comingOf(plan, 1, days, now)
  if (first === undefined) return null
  // Few are skipped, and computing twelve due times takes more than a millisecond a plan.
  if (first.skip === null) return first.at
  return comingOf(plan, MOST_SKIPPED, days, now).find(({ skip }) => skip === null)?.at ?? null
}
