import { zoneOffsets } from '../../core/time-zone.ts'
import { MONTH_NAMES, monthNamed, weekdayNamed, ZONE_OFFSETS_MS } from './date-names.ts'
import { InvalidPatternError, patternExpression, writeTime } from './date-pattern.ts'
import { minuteAtOnce, type TimeReader } from './minute-at-once.ts'
import { writtenParts } from './written-times.ts'

/** How a statement's times are written. */
export interface WrittenTimes {
  /** `iso`, or a pattern. */
  readonly dates: string
  /** The zone of times without a zone. */
  readonly time_zone: string
}

const ISO =
  /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?:[T ](?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?(?<offset>Z|[+-]\d{2}:?\d{2})?)?$/

/** The expression that reads the mapping's times. Its groups are the parts of a time. */
export function timeExpression({ dates }: Pick<WrittenTimes, 'dates'>): RegExp {
  return dates === 'iso' ? ISO : patternExpression(dates)
}

/** A reader for the mapping's times. A time without a zone is in the mapping's zone. */
export function timeReader({ dates, time_zone }: WrittenTimes): TimeReader {
  const expression = timeExpression({ dates })
  const offsetAt = zoneOffsets(time_zone)
  const read: TimeReader = (cell) => {
    const parts = expression.exec(cell)?.groups
    if (parts === undefined) return null
    const local = localTime(parts)
    if (local === null) return null
    if (parts.offset !== undefined) return local - offsetOf(parts.offset)
    // Near a change of the clocks, the offset at the local time read as UTC may be wrong. The second look-up is right.
    return local - offsetAt(local - offsetAt(local))
  }
  return dates === 'iso' ? minuteAtOnce(read) : read
}

type Parts = Readonly<Record<string, string | undefined>>

/** The wall clock's parts as if they were UTC, in milliseconds; null when there is no such day or hour. */
function localTime(parts: Parts): number | null {
  const { shortYear, month, monthName, weekday, day, minute = '0', second = '0', fraction = '' } = parts
  const year = Number(shortYear === undefined ? parts.year : `20${shortYear}`)
  const monthNumber = monthName === undefined ? Number(month) : monthNamed(monthName)
  const hour = hourOf(parts)
  if (monthNumber === null || hour === null || Number(minute) > 59 || Number(second) > 59) return null
  const midnight = Date.UTC(year, monthNumber - 1, Number(day))
  // Date.UTC turns the 30th of February into the 2nd of March.
  const date = new Date(midnight)
  if (date.getUTCMonth() !== monthNumber - 1 || date.getUTCDate() !== Number(day)) return null
  // A weekday that contradicts the date may mean that day and month are swapped.
  if (weekday !== undefined && weekdayNamed(weekday) !== date.getUTCDay()) return null
  const ms = fraction === '' ? 0 : Number(fraction.slice(0, 3).padEnd(3, '0'))
  return midnight + hour * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1_000 + ms
}

function hourOf({ hour = '0', hour12, half = '' }: Parts): number | null {
  if (hour12 === undefined) return Number(hour) > 23 ? null : Number(hour)
  if (Number(hour12) < 1 || Number(hour12) > 12) return null
  return (Number(hour12) % 12) + (/^p/i.test(half) ? 12 : 0)
}

function offsetOf(offset: string): number {
  const named = ZONE_OFFSETS_MS[offset.toUpperCase()]
  if (named !== undefined) return named
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2))
  return (offset.startsWith('-') ? -minutes : minutes) * 60_000
}

const DAY_MS = 86_400_000
/** Every part of this moment is a different number, also in local time. */
const TRIED_MS = Date.UTC(2026, 0, 17, 15, 43, 58, 219)

/**
 * Checks a pattern: writes days of every month with it, and reads them back.
 * @returns the problem and what to write instead; null when it reads all of them
 */
export function patternProblem(dates: string): string | null {
  if (dates === 'iso') return null
  try {
    const expression = patternExpression(dates)
    for (const [name, month] of MONTH_NAMES) {
      const at = new Date(TRIED_MS + Math.round((month - 1) * 30.4) * DAY_MS)
      const cell = writeTime(dates, writtenParts(at, name))
      const parts = expression.exec(cell)?.groups
      if (parts === undefined || localTime(parts) !== at.getTime() - (at.getTime() % precisionOf(parts)))
        return `it does not read back what it writes, ${JSON.stringify(cell)}: put signs between its parts`
    }
    return null
  } catch (error) {
    if (error instanceof InvalidPatternError) return error.message
    throw error
  }
}

/** The smallest unit that the parts have, in milliseconds. */
function precisionOf({ fraction, second, minute }: Parts): number {
  if (fraction !== undefined) return 1
  if (second !== undefined) return 1_000
  return minute === undefined ? DAY_MS : 60_000
}
