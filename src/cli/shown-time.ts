import { formatTime, type ShownZone } from '../core/format.ts'

/** The zone of times shown to people. Set once, before a command runs. */
let zone: ShownZone = 'Asia/Jakarta'

/** How times are shown from here on: `--utc` asks for UTC. */
export function showTimesIn(chosen: ShownZone): void {
  zone = chosen
}

/** The zone that times are shown in. */
export function shownZone(): ShownZone {
  return zone
}

/** A time as every command shows it; empty for null. */
export function shownTime(moment: Date | string | null): string {
  return moment === null ? '' : formatTime(new Date(moment), zone)
}

const STORED_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/

/** The detail of an event as JSON, with its times in the shown zone. */
export function shownDetail(detail: object): string {
  return JSON.stringify(detail, (_field, value: unknown) =>
    typeof value === 'string' && STORED_TIME.test(value) ? shownTime(value) : value,
  )
}
