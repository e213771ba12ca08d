import { wallClockOf } from '../core/time-zone.ts'
import { type Due, formatDay, type HolidayNames } from './calendar.ts'

/** Why a due time is not on the day that its schedule names. */
export interface Move {
  readonly day: string
  /** The holiday of that day; null: it is a Saturday or a Sunday, or a holiday that is none any more. */
  readonly holiday: string | null
}

/** From where a due time was moved; null when it was not. */
export function movedFrom({ at, day }: Due, timeZone: string, holidays: HolidayNames): Move | null {
  const isMoved = formatDay(wallClockOf(timeZone).localOf(at)) !== day
  return isMoved ? { day, holiday: holidays.get(day) ?? null } : null
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** `moved from 2026-03-19 (Nyepi)`, or of a weekend `moved from 2026-04-25 (Saturday)`. */
export function describeMove({ day, holiday }: Move): string {
  return `moved from ${day} (${holiday ?? WEEKDAYS[new Date(day).getUTCDay()]})`
}
