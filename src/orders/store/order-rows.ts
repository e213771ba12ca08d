import type { OrderKind } from '../command.ts'
import type { OrderState } from '../lifecycle.ts'
import type { StoredOrder } from '../ports.ts'
import type { OrderContent } from '../submission.ts'

/** Columns of a stored order as `o`, with its open intent as `i`. */
export const STORED_ORDER_COLUMNS = `
  o.id AS order_id, o.partner, o.reference, o.kind, o.phone_number, o.content, o.content_hash, o.state, o.reason,
  o.deadline_at, o.postponements,
  (extract(epoch FROM o.deadline_at - clock_timestamp()) * 1000)::float8 AS ms_until_deadline,
  (extract(epoch FROM clock_timestamp() - i.intent_at) * 1000)::float8 AS intent_age_ms`

export const OPEN_INTENT_JOIN = `LEFT JOIN attempts i ON i.order_id = o.id AND i.outcome = 'intent'`

export interface StoredOrderRow {
  order_id: string
  partner: string
  reference: string
  kind: OrderKind
  phone_number: string
  content: OrderContent
  content_hash: string
  state: OrderState
  reason: string
  deadline_at: Date
  ms_until_deadline: number
  postponements: number
  intent_age_ms: number | null
}

export function storedOrder(row: StoredOrderRow): StoredOrder {
  return {
    orderId: row.order_id,
    kind: row.kind,
    phoneNumber: row.phone_number,
    content: row.content,
    contentHash: row.content_hash,
    state: row.state,
    reason: row.reason,
    deadlineAt: row.deadline_at,
    msUntilDeadline: row.ms_until_deadline,
    postponements: row.postponements,
    intentAgeMs: row.intent_age_ms,
  }
}
