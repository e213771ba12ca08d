import { shownTime, shownZone } from '../../cli/shown-time.ts'
import { wallClockOf } from '../../core/time-zone.ts'

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** A moment with its day of the week there: `Wed 2026-02-25T09:00:00+07:00`. */
export function shownDueTime(moment: Date): string {
  const local = wallClockOf(shownZone()).localOf(moment)
  return `${WEEKDAYS[new Date(local).getUTCDay()]} ${shownTime(moment)}`
}
