import { readPlace } from '../../http/paging.ts'
import type { SearchPlace } from '../queries/order-search.ts'

const PLACE = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z)\/([0-9a-f-]{36})$/

/** A place in a list of orders as text, for cursors. */
export const placeText = ({ at, orderId }: SearchPlace): string => `${at}/${orderId}`

/** Parses what {@link placeText} wrote; null for anything else. A cursor grants nothing: every list names its partner. */
export function parsePlace(text: string): SearchPlace | null {
  const [, at, orderId] = PLACE.exec(text) ?? []
  if (at === undefined || orderId === undefined) return null
  return isTime(at) && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(orderId) ? { at, orderId } : null
}

/** Whether Postgres accepts the time: it refuses 31 February and the year 0. */
function isTime(text: string): boolean {
  const time = new Date(text)
  const isReal = !Number.isNaN(time.getTime()) && time.toISOString().slice(0, 19) === text.slice(0, 19)
  return isReal && time.getUTCFullYear() >= 1970
}

/** The place of a cursor. @throws Problem when it is not one of ours */
export function placeOf(cursor: string | undefined): SearchPlace | null {
  const text = readPlace(cursor, (place) => parsePlace(place) !== null)
  return text === null ? null : parsePlace(text)
}
