/** A time span, `to` exclusive. */
export interface Period {
  readonly from: Date
  readonly to: Date
}

/** The zone of business days. Western Indonesia has had one offset since 1964 and no summer time. */
export const TIME_ZONE = 'Asia/Jakarta'
const OFFSET = '+07:00'

const OFFSET_MS = 7 * 3_600_000
const DAY_MS = 86_400_000

/** Midnight in Jakarta at which a day, `2026-02-09`, begins; null when there is no such day. */
export function startOfDay(day: string): Date | null {
  if (!/^20\d\d-\d\d-\d\d$/.test(day)) return null
  const start = new Date(`${day}T00:00:00${OFFSET}`)
  return !Number.isNaN(start.getTime()) && dayOf(start) === day ? start : null
}

/** The day in Jakarta of a moment, `2026-02-09`. */
export function dayOf(moment: Date): string {
  return formatMinute(moment).slice(0, 10)
}

/** The period of one day that exists. */
export function periodOfDay(day: string): Period {
  const from = startOfDay(day)
  if (from === null) throw new RangeError('not a day of this century')
  return { from, to: new Date(from.getTime() + DAY_MS) }
}

/** The whole days in Jakarta from one moment to another. */
export function wholeDays(first: Date, last: Date): Period {
  return { from: periodOfDay(dayOf(first)).from, to: periodOfDay(dayOf(last)).to }
}

/**
 * Reads a period: a day `2026-02-09`; days `2026-02-01..2026-02-28` with both ends inside; or with times of the day in
 * Jakarta, `2026-02-09T08:00..2026-02-09T12:30` or `2026-02-09..now`, up to but not including the end.
 * @returns null when it is none of these
 */
export function parsePeriod(text: string, now: Date): Period | null {
  const [first = '', last = first, ...more] = text.split('..')
  const from = startOf(first)
  const to = last === 'now' ? now : endOf(last)
  return from === null || to === null || more.length > 0 || to <= from ? null : { from, to }
}

/** Writes a period the way `parsePeriod` reads it: whole days where it has no others. */
export function formatPeriod({ from, to }: Period): string {
  if (isMidnight(from) && isMidnight(to)) {
    const [first, last] = [dayOf(from), dayOf(new Date(to.getTime() - DAY_MS))]
    return first === last ? first : `${first}..${last}`
  }
  return `${formatMinute(from)}..${formatMinute(to)}`
}

/** A moment by the clock in Jakarta: `2026-02-09T08:00`. */
export function formatMinute(moment: Date): string {
  return new Date(moment.getTime() + OFFSET_MS).toISOString().slice(0, 16)
}

const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?$/

/** Reads a time with its zone, or by the clock in Jakarta: `2026-02-09T08:00`. Null when it is neither. */
export function parseMoment(text: string): Date | null {
  const [day = '', timeOfDay = ''] = [text.slice(0, 10), text.slice(11)]
  const found = TIME_OF_DAY.exec(timeOfDay)
  if (found === null || text[10] !== 'T' || startOfDay(day) === null) return null
  return new Date(`${day}T${timeOfDay}${found[4] === undefined ? OFFSET : ''}`)
}

const isMidnight = (moment: Date) => (moment.getTime() + OFFSET_MS) % DAY_MS === 0

function startOf(end: string): Date | null {
  return end.includes('T') ? momentOf(end) : startOfDay(end)
}

function endOf(end: string): Date | null {
  if (end.includes('T')) return momentOf(end)
  const start = startOfDay(end)
  return start === null ? null : new Date(start.getTime() + DAY_MS)
}

function momentOf(text: string): Date | null {
  const [, day = '', hour, minute] = /^(.{10})T([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? []
  const start = startOfDay(day)
  return start && new Date(start.getTime() + Number(hour) * 3_600_000 + Number(minute) * 60_000)
}
