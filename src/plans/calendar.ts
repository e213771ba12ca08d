import type { WallClock } from '../core/time-zone.ts'

/** What becomes of a day that falls on a Saturday, a Sunday or a holiday. */
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

/** One due time: a moment, and the day that the schedule names for it. They differ where the day was moved. */
export interface Due {
  readonly at: Date
  /** By the wall of the zone: `2026-03-25`. */
  readonly day: string
}

/** The names of days that are no business days besides Saturdays and Sundays. */
export type HolidayNames = ReadonlyMap<string, string>

/** Which due times come into question: those after a moment, of days from one on where one is named. */
export interface Position {
  readonly after: Date
  readonly fromDay: string | null
}

const DAY_MS = 86_400_000
/** A day without a business day so near stays where it is. */
const LONGEST_SHIFT = 31

/** The first due time of a position. */
export function nextMonthly(
  schedule: Monthly,
  clock: WallClock,
  holidays: HolidayNames,
  { after, fromDay }: Position,
): Due {
  const local = new Date(clock.localOf(after))
  // A day moves by up to a month, so two months before may still have their due times to come.
  for (let each = local.getUTCFullYear() * 12 + local.getUTCMonth() - 2; ; each += 1) {
    const named = dayIn(each, schedule.day)
    const day = formatDay(named)
    if (fromDay !== null && day < fromDay) continue
    const at = clock.momentOf(businessDayOf(named, schedule.weekend, holidays) + timeOfDay(schedule.at))
    if (at > after) return { at, day }
  }
}

/** Midnight of a day in a month counted from the year 0, or of the month's last. */
function dayIn(month: number, day: number): number {
  const [year, monthOfYear] = [Math.floor(month / 12), month % 12]
  const lastDay = new Date(Date.UTC(year, monthOfYear + 1, 0)).getUTCDate()
  return Date.UTC(year, monthOfYear, Math.min(day, lastDay))
}

/** The midnight to which a day is moved. */
function businessDayOf(named: number, weekend: Weekend, holidays: HolidayNames): number {
  if (weekend === 'keep') return named
  const step = weekend === 'before' ? -DAY_MS : DAY_MS
  for (let shift = 0; shift <= LONGEST_SHIFT; shift += 1) {
    const midnight = named + shift * step
    if (!isWeekend(midnight) && !holidays.has(formatDay(midnight))) return midnight
  }
  return named
}

const isWeekend = (midnight: number) => [0, 6].includes(new Date(midnight).getUTCDay())

/** A local midnight as its day: `2026-03-25`. */
export const formatDay = (localMs: number) => new Date(localMs).toISOString().slice(0, 10)

/** The day after a day. */
export const dayAfter = (day: string) => formatDay(Date.parse(day) + DAY_MS)

function timeOfDay(at: string): number {
  const [hours, minutes] = at.split(':').map(Number)
  return ((hours ?? 0) * 60 + (minutes ?? 0)) * 60_000
}
