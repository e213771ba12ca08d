import { ZONE_OFFSETS_MS } from './date-names.ts'

/** The fact about a time that a part of a pattern holds. A pattern has each fact at most once. */
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
  readonly fact: Fact
  /** The group of the expression that reads it. */
  readonly group: string
  readonly expression: string
  /** The expression next to another number without a sign between them; null: its width would be a guess. */
  readonly besideDigits?: string | null
}

const number = (fact: Fact, width: 1 | 2, group: string = fact): Part => {
  const besideDigits = width === 1 ? null : '\\d{2}'
  return { fact, group, expression: '\\d{1,2}', besideDigits }
}
const fixed = (fact: Fact, digits: number, group: string = fact): Part => {
  const expression = `\\d{${digits}}`
  return { fact, group, expression, besideDigits: expression }
}
const monthName: Part = { fact: 'month', group: 'monthName', expression: '[a-z]{3,9}\\.?' }
const weekday: Part = { fact: 'weekday', group: 'weekday', expression: "[a-z'’]{3,9}\\.?" }
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
  a: { fact: 'half', group: 'half', expression: '[ap]\\.?m\\.?' },
  mm: fixed('minute', 2),
  ss: fixed('second', 2),
  SSS: { fact: 'fraction', group: 'fraction', expression: '\\d{1,9}', besideDigits: '\\d{3}' },
  z: { fact: 'offset', group: 'offset', expression: `${ZONES.join('|')}|[+-]\\d{2}:?\\d{2}` },
}

/** The names that other libraries give to parts, with the name here. */
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
