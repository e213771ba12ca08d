import type { Mapping } from './mapping.ts'
import { timeExpression } from './times.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/**
 * A reader for how long a time that was read may last: milliseconds, or null when it tells the moment. A date without a
 * time of day is of its whole day, and so is midnight, which is what spreadsheets write for a date.
 */
export function timeSpanReader(mapping: Pick<Mapping, 'dates'>): (cell: string, ms: number) => number | null {
  const expression = timeExpression(mapping)
  return (cell, ms) => {
    // Most times have seconds: they are not looked at twice.
    if (ms % MINUTE_MS !== 0) return null
    const { hour = '0', hour12 = '12', half = 'AM', minute = '0' } = expression.exec(cell)?.groups ?? {}
    const isMidnight = Number(hour) === 0 && Number(hour12) === 12 && /^a/i.test(half) && Number(minute) === 0
    return isMidnight ? DAY_MS : null
  }
}
