import type { WallClock } from '../core/time-zone.ts'

/** What becomes of a day that falls on a Saturday or Sunday. */
export const WEEKENDS = ['keep', 'before', 'after'] as const
export type Weekend = (typeof WEEKENDS)[number]

/** Every month on a day, or on its last day where it has none such. */
export interface Monthly {
  readonly is: 'monthly'
  /** 1 to 31. */
  readonly day: number
  readonly weekend: Weekend
  /** `HH:MM` on the zone's wall. */
  readonly at: string
}

const DAY_MS = 86_400_000

/** The first due time after a moment. */
export function nextMonthly(schedule: Monthly, clock: WallClock, after: Date): Date {
  const local = new Date(clock.localOf(after))
  const month = local.getUTCFullYear() * 12 + local.getUTCMonth()
  // A weekend moves a day into the month before or after, so the month before may still have its due time to come.
  for (let each = month - 1; ; each += 1) {
    const due = clock.momentOf(dayIn(each, schedule) + timeOfDay(schedule.at))
    if (due > after) return due
  }
}

/** Midnight of the schedule's day in a month counted from the year 0. */
function dayIn(month: number, { day, weekend }: Monthly): number {
  const [year, monthOfYear] = [Math.floor(month / 12), month % 12]
  const lastDay = new Date(Date.UTC(year, monthOfYear + 1, 0)).getUTCDate()
  const midnight = Date.UTC(year, monthOfYear, Math.min(day, lastDay))
  return midnight + weekendShift(new Date(midnight).getUTCDay(), weekend) * DAY_MS
}

/** Days to go from a day of the week, Sunday being 0, to a working day. */
function weekendShift(dayOfWeek: number, weekend: Weekend): number {
  const isSaturday = dayOfWeek === 6
  if (!isSaturday && dayOfWeek !== 0) return 0
  switch (weekend) {
    case 'keep':
      return 0
    case 'before':
      return isSaturday ? -1 : -2
    case 'after':
      return isSaturday ? 2 : 1
  }
}

function timeOfDay(at: string): number {
  const [hours, minutes] = at.split(':').map(Number)
  return ((hours ?? 0) * 60 + (minutes ?? 0)) * 60_000
}
