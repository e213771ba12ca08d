import type { StoredOrder } from './ports.ts'
import type { PartnerOrder } from './queries/partner-orders.ts'
import type { Submission } from './submission.ts'

/** The time between acceptance and deadline of an order without a deadline of its own, as the insert adds it. */
const DEFAULT_DEADLINE_MS = 15 * 60_000

type NewPartnerOrder = Omit<PartnerOrder, 'acceptedMicros'>

/**
 * An order that was inserted just now as its partner may read it, without reading it again: one statement less for most
 * orders. Null when it has a deadline of its own. Otherwise Postgres computes deadline and acceptance from one time.
 */
export function newPartnerOrder(
  order: StoredOrder,
  { reference, deadline }: Submission,
): NewPartnerOrder | null {
  if (deadline !== null) return null
  const { orderId, kind, phoneNumber, content, state, reason, deadlineAt } = order
  const acceptedAt = new Date(deadlineAt.getTime() - DEFAULT_DEADLINE_MS)
  const executed = {
    requestId: null,
    responseId: null,
    sessionId: null,
    goldWeight: null,
    amount: null,
    fee: null,
  }
  const told = { orderId, reference, kind, phoneNumber, content, state, reason }
  return { ...told, attempts: 0, ...executed, acceptedAt, deadlineAt, settledAt: null }
}
