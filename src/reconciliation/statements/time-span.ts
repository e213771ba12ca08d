import type { Mapping } from './mapping.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/**
 * A reader for how long a time that was read may last: milliseconds, or null when it tells the minute. A time without an
 * hour is of its whole day, and so is midnight, which is what spreadsheets write for a date.
 */
export function timeSpanReader({ dates }: Pick<Mapping, 'dates'>): (cell: string) => number | null {
  if (dates !== 'iso') {
    if (!dates.includes('HH')) return () => DAY_MS
    if (!dates.includes('mm')) return (cell) => (isMidnight(cell, dates) ? DAY_MS : HOUR_MS)
  }
  return (cell) => (isMidnight(cell, dates) ? DAY_MS : null)
}

/** Whether nothing but a date is told: no time of the day, or zeros. */
function isMidnight(cell: string, dates: string): boolean {
  if (dates === 'iso')
    return /^\d{4}-\d{2}-\d{2}(?:[T ]00:00(?::00(?:[.,]0+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/.test(cell)
  const digits = cell.match(/\d+/g) ?? []
  const parts = dates.match(/yyyy|MMM|MM|dd|HH|mm|ss/g)?.filter((part) => part !== 'MMM') ?? []
  return parts.every((part, n) => !['HH', 'mm', 'ss'].includes(part) || Number(digits[n]) === 0)
}
