import type { Period } from './scope.ts'

/** The zone that days are counted in. Indonesia's west has had one offset since 1964 and no summer time. */
export const TIME_ZONE = 'Asia/Jakarta'
const OFFSET = '+07:00'

const DAY_MS = 86_400_000

/** Midnight in Jakarta at which a day, `2026-02-09`, begins; null when there is no such day. */
export function startOfDay(day: string): Date | null {
  if (!/^20\d\d-\d\d-\d\d$/.test(day)) return null
  const start = new Date(`${day}T00:00:00${OFFSET}`)
  return !Number.isNaN(start.getTime()) && dayOf(start) === day ? start : null
}

/** The day in Jakarta of a moment, `2026-02-09`. */
export function dayOf(moment: Date): string {
  return new Date(moment.getTime() + 7 * 3_600_000).toISOString().slice(0, 10)
}

/**
 * Reads a period of whole days: `2026-02-09`, or `2026-02-01..2026-02-28` with both ends inside.
 * @returns null when it is neither
 */
export function parseDays(text: string): Period | null {
  const [first = '', last = first, ...more] = text.split('..')
  const from = startOfDay(first)
  const lastStart = startOfDay(last)
  if (from === null || lastStart === null || more.length > 0 || lastStart < from) return null
  return { from, to: new Date(lastStart.getTime() + DAY_MS) }
}
