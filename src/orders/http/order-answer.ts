import { maskPhoneNumber } from '../../core/masking.ts'
import { formatGrams } from '../../core/money.ts'
import type { PartnerOrderEvent } from '../queries/partner-order-events.ts'
import type { PartnerOrder } from '../queries/partner-orders.ts'
import type { OrderAnswer } from './order-answer-schemas.ts'

/** A stored order as it is answered: masked, without a withdrawal's KTP number and address. */
export function orderAnswerOf(order: PartnerOrder): OrderAnswer {
  return {
    id: order.orderId,
    reference: order.reference,
    kind: order.kind,
    phone_number: maskPhoneNumber(order.phoneNumber),
    request: requestOf(order.content),
    state: order.state,
    reason: order.reason,
    attempts: order.attempts,
    executed: executedOf(order),
    accepted_at: order.acceptedAt.toISOString(),
    deadline: order.deadlineAt.toISOString(),
    settled_at: order.settledAt?.toISOString() ?? null,
  }
}

/** The fields of the order, without personal data. */
export function requestOf(content: PartnerOrder['content']): OrderAnswer['request'] {
  const { gold_weight, amount, limit, recipient } = content as OrderAnswer['request']
  return {
    ...(gold_weight === undefined ? {} : { gold_weight }),
    ...(amount === undefined ? {} : { amount }),
    ...(limit === undefined ? {} : { limit }),
    ...(recipient === undefined ? {} : { recipient: maskPhoneNumber(recipient) }),
  }
}

function executedOf(order: PartnerOrder): OrderAnswer['executed'] {
  const { requestId, responseId, sessionId, goldWeight, amount, fee } = order
  if (goldWeight === null || amount === null || fee === null) return null
  return {
    request_id: requestId,
    response_id: responseId,
    session_id: sessionId,
    gold_weight: formatGrams(goldWeight),
    amount,
    fee,
  }
}

/** A move of an order as it is answered. */
export function eventAnswerOf({ at, fromState, toState, reason, by }: PartnerOrderEvent) {
  return { at: at.toISOString(), from: fromState, to: toState, reason, by }
}
