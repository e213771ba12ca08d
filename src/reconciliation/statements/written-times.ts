import { patternParts, writeTime } from './date-pattern.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** Writes a time of the wall clock as a mapping's `dates` read it; null when they cannot read it. */
export type TimeWriter = (ms: number) => string | null

/**
 * A writer for the dates of workbooks, which are numbers and not text. They know no zone, so a pattern that reads one from the
 * file reads none of them.
 */
export function timeWriter(dates: string): TimeWriter {
  if (dates === 'iso') return (ms) => new Date(ms).toISOString().slice(0, -1)
  const parts = patternParts(dates)
  if (parts.includes('offset')) return () => null
  const isOfThisCentury = (year: number) => year >= 2000 && year < 2100
  return (ms) => {
    const at = new Date(ms)
    if (parts.includes('shortYear') && !isOfThisCentury(at.getUTCFullYear())) return at.toISOString()
    return writeTime(dates, writtenParts(at, MONTHS[at.getUTCMonth()] ?? ''))
  }
}

/** The parts of a moment in UTC, as a pattern writes them. */
export function writtenParts(at: Date, monthName: string): Readonly<Record<string, string>> {
  const two = (part: number) => String(part).padStart(2, '0')
  const [year, hour] = [String(at.getUTCFullYear()), at.getUTCHours()]
  return {
    year,
    shortYear: year.slice(2),
    month: two(at.getUTCMonth() + 1),
    monthName,
    day: two(at.getUTCDate()),
    weekday: DAYS[at.getUTCDay()] ?? '',
    hour: two(hour),
    hour12: two(hour % 12 || 12),
    half: hour < 12 ? 'AM' : 'PM',
    minute: two(at.getUTCMinutes()),
    second: two(at.getUTCSeconds()),
    fraction: String(at.getUTCMilliseconds()).padStart(3, '0'),
    offset: 'Z',
  }
}
