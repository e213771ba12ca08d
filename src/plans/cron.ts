import { Cron } from 'croner'

/** Five fields: minute, hour, day of the month, month, day of the week. */
export interface CronSchedule {
  readonly is: 'cron'
  readonly pattern: string
}

/**
 * A cron pattern as it is stored; null when it is none.
 * Besides names, lists, ranges and steps it may have `L` (last), `W` (nearest working day) and `#` (nth weekday).
 * A `?` is refused: it would stand for the moment at which the pattern is read.
 */
export function parseCron(text: string): CronSchedule | null {
  const pattern = text.trim().replace(/\s+/g, ' ')
  if (pattern.split(' ').length !== 5 || pattern.includes('?')) return null
  try {
    open(pattern, 'UTC')
    return { is: 'cron', pattern }
  } catch {
    return null
  }
}

/** The first due time after a moment; null when there is none, as for the 30th of February. */
export function nextCron({ pattern }: CronSchedule, timeZone: string, after: Date): Date | null {
  return open(pattern, timeZone).nextRun(after)
}

/**
 * Times of the day that are named run once a day also when the clocks change: after the gap, and at the first of two.
 * Intervals such as every ten minutes go on being intervals.
 */
function open(pattern: string, timezone: string): Cron {
  return new Cron(pattern, { timezone, mode: '5-part', fixedTimeRule: 'no-wildcard', paused: true })
}
