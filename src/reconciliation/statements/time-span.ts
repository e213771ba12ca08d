import type { Mapping } from './mapping.ts'
import { timeExpression } from './times.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/**
 * A reader for the span of a time: milliseconds, or null for a moment. A date without a time of day spans its whole day.
 * So does midnight, because spreadsheets write a date so.
 */
export function timeSpanReader(mapping: Pick<Mapping, 'dates'>): (cell: string, ms: number) => number | null {
  const expression = timeExpression(mapping)
  return (cell, ms) => {
    // Most times have seconds, and need no second look.
    if (ms % MINUTE_MS !== 0) return null
    const { hour = '0', hour12 = '12', half = 'AM', minute = '0' } = expression.exec(cell)?.groups ?? {}
    const isMidnight = Number(hour) === 0 && Number(hour12) === 12 && /^a/i.test(half) && Number(minute) === 0
    return isMidnight ? DAY_MS : null
  }
}
