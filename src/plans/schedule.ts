import { wallClockOf } from '../core/time-zone.ts'
import { type Monthly, nextMonthly } from './calendar.ts'
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
}

/** The first due time after a moment, or null: a plan is never due before its start, at its end, or too often. */
export function nextDueTime(schedule: Schedule, bounds: Bounds, after: Date): Date | null {
  if (bounds.countLeft !== null && bounds.countLeft <= 0) return null
  // Exactly at its start a plan may be due.
  const from = new Date(Math.max(after.getTime(), bounds.startsAt.getTime() - 1))
  const due = next(schedule, bounds.timeZone, from)
  return due === null || (bounds.endsAt !== null && due >= bounds.endsAt) ? null : due
}

function next(schedule: Schedule, timeZone: string, after: Date): Date | null {
  switch (schedule.is) {
    case 'cron':
      return nextCron(schedule, timeZone, after)
    case 'monthly':
      return nextMonthly(schedule, wallClockOf(timeZone), after)
  }
}

/** Up to so many due times after a moment, in their order. */
export function dueTimes(schedule: Schedule, bounds: Bounds, after: Date, limit: number): Date[] {
  const times: Date[] = []
  let last = after
  while (times.length < limit) {
    const countLeft = bounds.countLeft === null ? null : bounds.countLeft - times.length
    const due = nextDueTime(schedule, { ...bounds, countLeft }, last)
    if (due === null) break
    times.push(due)
    last = due
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
      const moved = weekend === 'keep' ? '' : `, ${weekend} a weekend`
      return `monthly on ${day}${day > 28 ? ' or the last day' : ''}${moved}, at ${at}`
    }
  }
}
