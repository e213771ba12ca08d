import { zoneOffsets } from '../../domain/time-zone.ts'
import type { Mapping } from './mapping.ts'

/** Reads a statement's times: milliseconds since the epoch, or null when a cell is no time. */
export type TimeReader = (cell: string) => number | null

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
/** Where Indonesian abbreviations differ from English ones. */
const INDONESIAN_MONTHS: Readonly<Record<string, string>> = { mei: 'may', agu: 'aug', okt: 'oct', des: 'dec' }

const PARTS: Readonly<Record<string, string>> = {
  yyyy: '(?<year>\\d{4})',
  MMM: '(?<monthName>[A-Za-z]{3})',
  MM: '(?<month>\\d{1,2})',
  dd: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{1,2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
}

const ISO =
  /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?:[T ](?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?(?<offset>Z|[+-]\d{2}:?\d{2})?)?$/

/** A reader for the mapping's way to write times. A time that names no offset is of the mapping's zone. */
export function timeReader({ dates, time_zone }: Pick<Mapping, 'dates' | 'time_zone'>): TimeReader {
  const pattern = dates === 'iso' ? ISO : patternOf(dates)
  const offsetAt = zoneOffsets(time_zone)
  return (cell) => {
    const parts = pattern.exec(cell)?.groups
    if (parts === undefined) return null
    const local = localTime(parts)
    if (local === null) return null
    if (parts.offset !== undefined) return local - offsetOf(parts.offset)
    // The offset at the local time read as UTC is off by hours at a change of the clocks; asked again it is right.
    return local - offsetAt(local - offsetAt(local))
  }
}

function patternOf(dates: string): RegExp {
  const source = dates.replace(/yyyy|MMM|MM|dd|HH|mm|ss|[^A-Za-z\d\s]|\s+/g, (part) => {
    if (PARTS[part] !== undefined) return PARTS[part]
    return /\s/.test(part) ? '\\s+' : `\\${part}`
  })
  return new RegExp(`^${source}$`)
}

/** Milliseconds of the wall clock's parts as if they were UTC; null when there is no such day or hour. */
function localTime(parts: Readonly<Record<string, string | undefined>>): number | null {
  const { year, month, monthName, day, hour = '0', minute = '0', second = '0', fraction = '' } = parts
  const monthNumber = monthName === undefined ? Number(month) : monthNamed(monthName)
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null
  const midnight = Date.UTC(Number(year), monthNumber - 1, Number(day))
  // The 30th of February would silently become the 2nd of March.
  const date = new Date(midnight)
  if (date.getUTCMonth() !== monthNumber - 1 || date.getUTCDate() !== Number(day)) return null
  const ms = Number(fraction.slice(0, 3).padEnd(3, '0'))
  return midnight + Number(hour) * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1_000 + ms
}

function monthNamed(name: string): number {
  const lower = name.toLowerCase()
  return MONTHS.indexOf(INDONESIAN_MONTHS[lower] ?? lower) + 1
}

function offsetOf(offset: string): number {
  if (offset === 'Z') return 0
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2))
  return (offset.startsWith('-') ? -minutes : minutes) * 60_000
}
