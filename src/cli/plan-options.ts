import { wallClockOf } from '../domain/time-zone.ts'
import { parsedBy } from './options.ts'

export const countOption = parsedBy(
  (text) => (/^[1-9]\d{0,5}$/.test(text) ? Number(text) : null),
  'a whole number from 1 to 999999',
)

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** A moment by a zone's wall: `Wed 2026-02-25T09:00+07:00`. */
export function onTheWall(moment: Date, timeZone: string): string {
  const clock = wallClockOf(timeZone)
  return `${WEEKDAYS[new Date(clock.localOf(moment)).getUTCDay()]} ${clock.format(moment)}`
}
