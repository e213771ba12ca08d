/** The names of months and days in English and Indonesian, with all their abbreviations. */

const MONTHS: readonly string[] = [
  'jan januari january',
  'feb febr peb februari february pebruari',
  'mar mrt maret march',
  'apr april',
  'may mei',
  'jun juni june',
  'jul juli july',
  'aug agu ags agt agst agus agust agustus august',
  'sep sept september',
  'oct okt oktober october',
  'nov nop november nopember',
  'dec des december desember',
]

/** Sunday first, as `Date` counts. */
const DAYS: readonly string[] = [
  'sun sunday min minggu ahd ahad',
  'mon monday sen senin',
  'tue tues tuesday sel selasa',
  'wed wednesday rab rabu',
  'thu thur thurs thursday kam kamis',
  "fri friday jum jumat jum'at",
  'sat saturday sab sabtu',
]

const positions = (names: readonly string[]) =>
  new Map(names.flatMap((each, position) => each.split(' ').map((name) => [name, position] as const)))

const MONTH_POSITIONS = positions(MONTHS)
const DAY_POSITIONS = positions(DAYS)

/** Every name of a month in lower case, with its number from 1. */
export const MONTH_NAMES: readonly (readonly [name: string, month: number])[] = [...MONTH_POSITIONS].map(
  ([name, position]) => [name, position + 1],
)

const plain = (name: string) => name.toLowerCase().replace(/\.$/, '').replace('’', "'")

/** The number of a month, from 1; null when no month has the name. */
export function monthNamed(name: string): number | null {
  const position = MONTH_POSITIONS.get(plain(name))
  return position === undefined ? null : position + 1
}

/** The position of a day in the week, Sunday as 0; null when no day has the name. */
export function weekdayNamed(name: string): number | null {
  return DAY_POSITIONS.get(plain(name)) ?? null
}

const HOUR_MS = 3_600_000

/** The names of zones, and how far each is ahead of UTC. */
export const ZONE_OFFSETS_MS: Readonly<Record<string, number>> = {
  WIB: 7 * HOUR_MS,
  WITA: 8 * HOUR_MS,
  WIT: 9 * HOUR_MS,
  UTC: 0,
  GMT: 0,
  Z: 0,
}
