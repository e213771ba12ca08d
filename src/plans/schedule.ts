import { wallClockOf } from '../core/time-zone.ts'
import {
  type Due,
  dayAfter,
  formatDay,
  type HolidayNames,
  type Monthly,
  nextMonthly,
  type Position,
} from './calendar.ts'
import { type CronSchedule, nextCron } from './cron.ts'

/** When a plan is due. */
export type Schedule = CronSchedule | Monthly

/** Between when, and how often. */
export interface Bounds {
  readonly timeZone: string
  readonly startsAt: Date
  /** Exclusive; null: without end. */
  readonly endsAt: Date | null
  /** Due times that may still come; null: any number. */
  readonly countLeft: number | null
  /**
   * The days that are this plan's and not those of the plan before or after it. A day is one plan's wherever it is moved to:
   * bounds by moments would let a holiday move it past both.
   */
  readonly fromDay: string | null
  /** Exclusive. */
  readonly untilDay: string | null
}

/** The first due time of a position, or null: a plan is never due before its start, at its end, or too often. */
export function nextDue(
  schedule: Schedule,
  bounds: Bounds,
  { after, fromDay }: Position,
  holidays: HolidayNames,
): Due | null {
  if (bounds.countLeft !== null && bounds.countLeft <= 0) return null
  // Exactly at its start a plan may be due.
  const from = new Date(Math.max(after.getTime(), bounds.startsAt.getTime() - 1))
  const position = { after: from, fromDay: latestOf(fromDay, bounds.fromDay) }
  const due = next(schedule, bounds.timeZone, position, holidays)
  if (due === null || (bounds.untilDay !== null && due.day >= bounds.untilDay)) return null
  return bounds.endsAt !== null && due.at >= bounds.endsAt ? null : due
}

function next(schedule: Schedule, timeZone: string, position: Position, holidays: HolidayNames): Due | null {
  const clock = wallClockOf(timeZone)
  switch (schedule.is) {
    case 'cron': {
      const { after, fromDay } = position
      const midnight = fromDay === null ? after : new Date(clock.momentOf(Date.parse(fromDay)).getTime() - 1)
      const at = nextCron(schedule, timeZone, midnight > after ? midnight : after)
      return at === null ? null : { at, day: formatDay(clock.localOf(at)) }
    }
    case 'monthly':
      return nextMonthly(schedule, clock, holidays, position)
  }
}

const latestOf = (one: string | null, other: string | null) =>
  one === null || (other !== null && other > one) ? other : one

/** Where the search for the due time after another goes on. A day that was due is not due again, wherever it would be now. */
export function positionAfter(schedule: Schedule, { at, day }: Due): Position {
  switch (schedule.is) {
    case 'cron':
      return { after: at, fromDay: null }
    case 'monthly':
      return { after: at, fromDay: dayAfter(day) }
  }
}

/** Up to so many due times from a position on, in their order. */
export function dueTimes(
  schedule: Schedule,
  bounds: Bounds,
  from: Position,
  limit: number,
  holidays: HolidayNames,
): Due[] {
  const times: Due[] = []
  let position = from
  while (times.length < limit) {
    const countLeft = bounds.countLeft === null ? null : bounds.countLeft - times.length
    const due = nextDue(schedule, { ...bounds, countLeft }, position, holidays)
    if (due === null) break
    times.push(due)
    position = positionAfter(schedule, due)
  }
  return times
}

/** A schedule as a person reads it. */
export function describeSchedule(schedule: Schedule): string {
  switch (schedule.is) {
    case 'cron':
      return `cron ${schedule.pattern}`
    case 'monthly': {
      const { day, weekend, at } = schedule
      const moved = weekend === 'keep' ? '' : `, ${weekend} a weekend or a holiday`
      return `monthly on ${day}${day > 28 ? ' or the last day' : ''}${moved}, at ${at}`
    }
  }
}
