import type { Place } from '../db/partner-orders.ts'

const PLACE = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z)\/([0-9a-f-]{36})$/

/** A place in a list as an opaque text. */
export function writeCursor({ acceptedMicros, orderId }: Place): string {
  return Buffer.from(`${acceptedMicros}/${orderId}`).toString('base64url')
}

/** Reads what {@link writeCursor} wrote; null for anything else. It grants nothing: lists are always of one partner. */
export function readCursor(cursor: string): Place | null {
  const [, acceptedMicros, orderId] = PLACE.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (acceptedMicros === undefined || orderId === undefined) return null
  return isTime(acceptedMicros) && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(orderId)
    ? { acceptedMicros, orderId }
    : null
}

/** What Postgres takes: it refuses 31 February and the year 0. */
function isTime(text: string): boolean {
  const time = new Date(text)
  const isReal = !Number.isNaN(time.getTime()) && time.toISOString().slice(0, 19) === text.slice(0, 19)
  return isReal && time.getUTCFullYear() >= 1970
}

/** A place in a list of batches as an opaque text. */
export function writeBatchCursor(batchId: number): string {
  return Buffer.from(`batch/${batchId}`).toString('base64url')
}

/** Reads what {@link writeBatchCursor} wrote; null for anything else. It grants nothing: lists are always of one partner. */
export function readBatchCursor(cursor: string): number | null {
  const [, digits] = /^batch\/([1-9]\d{0,8})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  return digits === undefined ? null : Number(digits)
}
