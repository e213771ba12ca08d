import { InvalidArgumentError } from 'commander'
import { maskPhoneNumbersIn } from '../domain/masking.ts'
import { parseOnTheWall, type WallClock, wallClockOf } from '../domain/time-zone.ts'
import { boundsOf, type Plan } from '../plans/plan.ts'
import { dueTimes } from '../plans/schedule.ts'
import { Failure } from './failure.ts'
import { parsedBy } from './options.ts'

const MINUTES = { m: 1, h: 60, d: 24 * 60 } as const
const LONGEST_MINUTES = 366 * MINUTES.d

/** Reads `30m`, `12h` or `7d`. */
export const minutesOption = parsedBy((text) => {
  const [, count, unit] = /^([1-9]\d{0,5})([mhd])$/.exec(text) ?? []
  if (count === undefined) return null
  const minutes = Number(count) * MINUTES[unit as keyof typeof MINUTES]
  return minutes <= LONGEST_MINUTES ? minutes : null
}, 'minutes, hours or days up to a year, such as 30m, 12h or 7d')

export const timeOfDayOption = parsedBy(
  (text) => (/^([01]\d|2[0-3]):[0-5]\d$/.test(text) ? text : null),
  'a time of the day such as 09:00',
)

export const dayOfMonthOption = parsedBy(
  (text) => (/^([1-9]|[12]\d|3[01])$/.test(text) ? Number(text) : null),
  'a day of the month, 1 to 31',
)

export const countOption = parsedBy(
  (text) => (/^[1-9]\d{0,5}$/.test(text) ? Number(text) : null),
  'a whole number from 1 to 999999',
)

/** A plan's name: it is printed and logged, and must not be taken for a plan's number. */
export function nameArgument(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text) || /^\d+$/.test(text))
    throw new InvalidArgumentError(
      'must be 1 to 63 letters, digits, dots, dashes or underscores, not all of them digits',
    )
  if (maskPhoneNumbersIn(text) !== text)
    throw new InvalidArgumentError('must not hold a phone number: names are printed and logged')
  return text
}

/** Reads `--from` and `--to`: `--to` a day means to its end. */
export function periodOf(
  { from, to }: { readonly from?: string; readonly to?: string },
  clock: WallClock,
): { startsAt: Date | null; endsAt: Date | null } {
  const read = (option: string, text: string) => {
    const moment = parseOnTheWall(text, clock)
    if (moment !== null) return moment
    throw new Failure(2, `${option} must be a day such as 2026-02-25, or a time such as 2026-02-25T09:00`)
  }
  const startsAt = from === undefined ? null : read('--from', from)
  if (to === undefined) return { startsAt, endsAt: null }
  const end = read('--to', to)
  const endsAt = to.includes('T') ? end : clock.momentOf(clock.localOf(end) + MINUTES.d * 60_000)
  return { startsAt, endsAt }
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** A moment by a zone's wall: `Wed 2026-02-25T09:00+07:00`. */
export function onTheWall(moment: Date, timeZone: string): string {
  const clock = wallClockOf(timeZone)
  return `${WEEKDAYS[new Date(clock.localOf(moment)).getUTCDay()]} ${clock.format(moment)}`
}

/** The next due times of a plan, from the first that has no run yet. */
export function nextDueTimes(plan: Plan, limit: number): Date[] {
  if (plan.nextDueAt === null) return []
  return dueTimes(plan.schedule, boundsOf(plan), new Date(plan.nextDueAt.getTime() - 1), limit)
}
