import type { Place } from '../queries/partner-orders.ts'

const PLACE = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z)\/([0-9a-f-]{36})$/

/** A place in a list of orders as text, for cursors. */
export const placeText = ({ acceptedMicros, orderId }: Place): string => `${acceptedMicros}/${orderId}`

/** Parses what {@link placeText} wrote; null for anything else. A cursor grants nothing: every list names its partner. */
export function parsePlace(text: string): Place | null {
  const [, acceptedMicros, orderId] = PLACE.exec(text) ?? []
  if (acceptedMicros === undefined || orderId === undefined) return null
  return isTime(acceptedMicros) && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(orderId)
    ? { acceptedMicros, orderId }
    : null
}

/** Whether Postgres accepts the time: it refuses 31 February and the year 0. */
function isTime(text: string): boolean {
  const time = new Date(text)
  const isReal = !Number.isNaN(time.getTime()) && time.toISOString().slice(0, 19) === text.slice(0, 19)
  return isReal && time.getUTCFullYear() >= 1970
}
