import { ZONE_OFFSETS_MS } from './date-names.ts'

/** What a part of a pattern tells of a time. No pattern tells one twice. */
export type Fact =
  | 'year'
  | 'month'
  | 'day'
  | 'weekday'
  | 'hour'
  | 'half'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'offset'

export interface Part {
  readonly tells: Fact
  /** The group of the expression that reads it. */
  readonly group: string
  readonly reads: string
  /** Beside another number without a sign between them; null: where it begins would be a guess. */
  readonly besideDigits?: string | null
}

const number = (tells: Fact, width: 1 | 2, group: string = tells): Part => ({
  ...{ tells, group, reads: '\\d{1,2}', besideDigits: width === 1 ? null : '\\d{2}' },
})
const fixed = (tells: Fact, digits: number, group: string = tells): Part => ({
  ...{ tells, group, reads: `\\d{${digits}}`, besideDigits: `\\d{${digits}}` },
})
const monthName: Part = { tells: 'month', group: 'monthName', reads: '[a-z]{3,9}\\.?' }
const weekday: Part = { tells: 'weekday', group: 'weekday', reads: "[a-z'’]{3,9}\\.?" }
export const ZONES = Object.keys(ZONE_OFFSETS_MS).sort((a, b) => b.length - a.length)

export const PARTS: Readonly<Record<string, Part>> = {
  yyyy: fixed('year', 4),
  yy: fixed('year', 2, 'shortYear'),
  MMMM: monthName,
  MMM: monthName,
  MM: number('month', 2),
  M: number('month', 1),
  dd: number('day', 2),
  d: number('day', 1),
  EEEE: weekday,
  EEE: weekday,
  HH: number('hour', 2),
  H: number('hour', 1),
  hh: number('hour', 2, 'hour12'),
  h: number('hour', 1, 'hour12'),
  a: { tells: 'half', group: 'half', reads: '[ap]\\.?m\\.?' },
  mm: fixed('minute', 2),
  ss: fixed('second', 2),
  SSS: { tells: 'fraction', group: 'fraction', reads: '\\d{1,9}', besideDigits: '\\d{3}' },
  z: { tells: 'offset', group: 'offset', reads: `${ZONES.join('|')}|[+-]\\d{2}:?\\d{2}` },
}

/** What other libraries call a part. */
export const OTHER_NAMES: Readonly<Record<string, string>> = {
  YYYY: 'yyyy for the year',
  YY: 'yy for the year',
  Y: 'yyyy for the year',
  y: 'yyyy for the year',
  DD: 'dd for the day',
  D: 'd for the day',
  DDDD: 'EEEE for the name of a day',
  dddd: 'EEEE for the name of a day',
  ddd: 'EEE for the name of a day',
  mmm: 'MMM for the name of a month',
  mmmm: 'MMMM for the name of a month',
  m: 'mm for the minutes, or M for the month',
  SS: 'ss for the seconds',
  s: 'ss for the seconds',
  S: 'SSS for a fraction of a second',
  fff: 'SSS for a fraction of a second',
  A: 'a for AM and PM',
  tt: 'a for AM and PM',
  Z: 'z for a zone in the file, such as WIB',
  X: 'z for a zone in the file, such as +07:00',
  XXX: 'z for a zone in the file, such as +07:00',
  zzz: 'z for a zone in the file, such as WIB',
}
