import { and, eq, sql } from 'drizzle-orm'
import { attempts, orders } from '../schema.ts'

/** Milliseconds from now, by the database's clock, as a float. */
const msUntilDeadline = sql<number>`(extract(epoch from ${orders.deadlineAt} - clock_timestamp()) * 1000)::float8`

/** A stored order as `StoredOrder`, without what its open intent says. */
export const ORDER_COLUMNS = {
  orderId: orders.id,
  kind: orders.kind,
  phoneNumber: orders.phoneNumber,
  content: orders.content,
  contentHash: orders.contentHash,
  state: orders.state,
  reason: orders.reason,
  deadlineAt: orders.deadlineAt,
  msUntilDeadline,
  postponements: orders.postponements,
}

/** A stored order as `StoredOrder`, with its open intent joined. */
export const STORED_ORDER = {
  ...ORDER_COLUMNS,
  intentAgeMs: sql<
    number | null
  >`(extract(epoch from clock_timestamp() - ${attempts.intentAt}) * 1000)::float8`,
}

/** What joins an order's open intent. */
export const OPEN_INTENT = and(eq(attempts.orderId, orders.id), eq(attempts.outcome, 'intent'))
