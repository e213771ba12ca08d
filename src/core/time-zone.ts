/**
 * Converts between moments and local times. The rules of time zones come from the platform (`Intl`). By hand, for what a
 * plan does at a local time that a clock change skips or repeats is a promise of ours (docs/plans.md), and libraries
 * decide it in ways of their own.
 */

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Clocks change at quarters of an hour; Lord Howe's at half an hour. */
const QUARTER_MS = 15 * MINUTE_MS

/** Whether the platform knows the zone by this name, such as `Asia/Jakarta`. */
export function isTimeZone(name: string): boolean {
  // An offset such as +07:00 is accepted by newer platforms only.
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** A zone's offset from UTC at a moment, in milliseconds. Cached per quarter of an hour, because `Intl` is slow. */
export function zoneOffsets(timeZone: string): (utcMs: number) => number {
  const wallClock = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    ...{
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    },
  })
  const known = new Map<number, number>()
  return (utcMs) => {
    const quarter = Math.floor(utcMs / QUARTER_MS)
    const found = known.get(quarter)
    if (found !== undefined) return found
    const parts = Object.fromEntries(
      wallClock.formatToParts(quarter * QUARTER_MS).map(({ type, value }) => [type, Number(value)]),
    )
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
    const offset = Date.UTC(year, month - 1, day, hour, minute, second) - quarter * QUARTER_MS
    // A statement covers a few hundred hours; a hostile file may cover a million.
    if (known.size > 10_000) known.clear()
    known.set(quarter, offset)
    return offset
  }
}

/** The wall clock of a zone. A local time is given as the milliseconds of the same time in UTC. */
export interface WallClock {
  localOf(moment: Date): number
  /**
   * The moment of a local time: the first of two when clocks are set back, and the first moment after the gap when clocks
   * skip it.
   */
  momentOf(localMs: number): Date
  /** `2026-02-25T09:00+07:00`, with seconds only if they are not zero. Each moment has one form. */
  format(moment: Date): string
}

const clocks = new Map<string, WallClock>()

/** The wall clock of a zone, which must exist. */
export function wallClockOf(timeZone: string): WallClock {
  const known = clocks.get(timeZone)
  if (known !== undefined) return known
  const offsetAt = zoneOffsets(timeZone)
  const clock: WallClock = {
    localOf: (moment) => moment.getTime() + offsetAt(moment.getTime()),
    momentOf(localMs) {
      for (let local = localMs; ; local += MINUTE_MS) {
        const offsets = [offsetAt(local - DAY_MS), offsetAt(local + DAY_MS)]
        const moments = offsets.map((offset) => local - offset).filter((utc) => utc + offsetAt(utc) === local)
        if (moments.length > 0) return new Date(Math.min(...moments))
      }
    },
    format(moment) {
      const offset = offsetAt(moment.getTime())
      const local = new Date(moment.getTime() + offset).toISOString()
      const isWholeMinute = moment.getTime() % MINUTE_MS === 0
      return `${local.slice(0, isWholeMinute ? 16 : 23)}${formatOffset(offset)}`
    },
  }
  // Names of zones ignore case, so one zone may have many entries.
  if (clocks.size >= 1_000) clocks.clear()
  clocks.set(timeZone, clock)
  return clock
}

function formatOffset(offsetMs: number): string {
  const minutes = Math.abs(offsetMs) / MINUTE_MS
  const pad = (part: number) => String(Math.floor(part)).padStart(2, '0')
  return `${offsetMs < 0 ? '-' : '+'}${pad(minutes / 60)}:${pad(minutes % 60)}`
}

/**
 * Reads a local time, `2026-02-25T09:00`, or the midnight of a day, `2026-02-25`.
 * @returns null when there is no such day or time
 */
export function parseOnTheWall(text: string, clock: WallClock): Date | null {
  const [, day = '', time = '00:00'] =
    /^(20\d\d-\d\d-\d\d)(?:T((?:[01]\d|2[0-3]):[0-5]\d))?$/.exec(text) ?? []
  const local = new Date(`${day}T${time}Z`)
  // Date would turn the 30th of February into the 2nd of March.
  const exists = !Number.isNaN(local.getTime()) && local.toISOString().startsWith(day)
  return exists ? clock.momentOf(local.getTime()) : null
}
