import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { Rupiah } from '../../core/money.ts'
import { nullable, type Scalar, type } from '../../postgres/statement.ts'
import type { OrderKind } from '../command.ts'
import type { OrderState } from '../lifecycle.ts'
import { attempts, orders } from '../schema.ts'

/** Which orders; null does not narrow. */
export interface OrderSearch {
  readonly state: OrderState | null
  readonly kind: OrderKind | null
  readonly partner: string | null
  readonly phoneNumber: string | null
  readonly reference: string | null
  readonly sessionId: string | null
  /** The quote's id, which a confirm sends as its request_id. */
  readonly requestId: string | null
  readonly responseId: string | null
  /** Asked for, quoted or executed. */
  readonly amount: Rupiah | null
  readonly from: Date | null
  /** Exclusive. */
  readonly to: Date | null
}

/** A time that a Date cannot have: with microseconds, or infinite. */
export const timeText: Scalar<string> = { sqlType: 'timestamptz' }

/** The values of a search that narrow orders row by row. */
export const NARROWING = {
  state: nullable(orders.state),
  kind: nullable(orders.kind),
  partner: nullable(orders.partner),
  phoneNumber: nullable(orders.phoneNumber),
  amount: nullable(attempts.amount),
  from: timeText,
  to: timeText,
}

/** The place of an order in the list, which begins with the newest. */
export interface SearchPlace {
  /** The time of acceptance, to the microsecond. */
  readonly at: string
  readonly orderId: string
}

/** A time of acceptance as a place has it. */
export const microsOf = (at: SQLWrapper): SQL<string> =>
  sql<string>`to_char(${at} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/**
 * Whether an attempt of an order is of so many rupiah. One row by key for each order: an `exists` could be planned as a
 * hash of all attempts there are.
 */
export const hasAttemptOf = (orderId: SQLWrapper, amount: SQL): SQL => sql`(
  select true from ${attempts} where ${attempts.orderId} = ${orderId}
    and (${attempts.amount} = ${amount} or ${attempts.quotedAmount} = ${amount}) limit 1) is true`

/** The values of a page: what narrows it, the place after which it begins, and its size. */
export const FOUND = { ...NARROWING, placeAt: timeText, placeId: orders.id, limit: type.integer }

/** A search as these values. */
export const narrowingOf = ({ state, kind, partner, phoneNumber, amount, from, to }: OrderSearch) => ({
  ...{ state, kind, partner, phoneNumber, amount },
  from: boundText(from, '-infinity'),
  to: boundText(to, 'infinity'),
})

/** Postgres reads no ISO time of a year before 1 or after 9999: no order is older than the first or newer than the last. */
function boundText(bound: Date | null, open: string): string {
  if (bound === null) return open
  const year = bound.getUTCFullYear()
  if (year < 1) return '-infinity'
  return year > 9_999 ? 'infinity' : bound.toISOString()
}
