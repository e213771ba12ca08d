import type { FieldProblem } from '../../core/field-problems.ts'
import { Problem } from '../../http/problems.ts'
import type { Answer, Call } from '../../http/route.ts'
import type { Breach, PartnerLimits } from '../../partners/limits.ts'
import { tryOrder } from '../../partners/place-counted.ts'
import { placeOrder } from '../../partners/place-order.ts'
import type { Placed, ShownUsage } from '../../partners/placed.ts'
import { differingFields } from '../differences.ts'
import { newPartnerOrder } from '../new-partner-order.ts'
import type { PartnerOrder } from '../queries/partner-orders.ts'
import { DEADLINE_PASSED, InvalidOrderError, parseSubmission, type Submission } from '../submission.ts'
import { orderAnswerOf } from './order-answer.ts'

/** Why an order is not accepted, beside what every route may answer: the same whether it is placed or checked. */
export const ACCEPTANCE_PROBLEMS = [
  'reference_conflict',
  'wallet_refused',
  'kind_not_allowed',
  'rupiah_unbounded',
  'rupiah_per_order',
  'orders_per_minute',
  'rupiah_per_day',
  'wallets_per_day',
] as const

/** Accepts an order: 202 is answered only once it is committed, and for every repetition. */
export async function acceptOrder(body: unknown, waitSeconds: number, call: Call): Promise<Answer> {
  const { caller } = call
  const submission = readOrder(body, caller.partner)
  const placed = await placeOrder(submission, caller.limits, call)
  const headers = rateLimitHeaders(caller.limits, placed.usage)
  if (placed.is !== 'stored') throw whyNotPlaced(placed, submission, headers)
  const { orderId, state } = placed.order
  // A repetition wakes it too: the first request may have failed between the commit and the queue.
  if (state === 'accepted') call.wake(orderId)
  const order =
    (placed.isNew && waitSeconds === 0 ? newPartnerOrder(placed.order, submission) : null) ??
    (await readOrderWhenEnded(orderId, waitSeconds, call))
  return {
    status: 202,
    body: orderAnswerOf(order),
    headers: { ...headers, location: `/v1/orders/${orderId}` },
  }
}

/** Says what would become of an order. Nothing is stored and nothing is counted. @throws Problem as `acceptOrder` does */
export async function checkOrder(body: unknown, call: Call): Promise<Answer> {
  const { caller, database } = call
  const submission = readOrder(body, caller.partner)
  const placed = await tryOrder(database, { orderId: call.newId(), submission, limits: caller.limits })
  if (placed.is !== 'stored') throw whyNotPlaced(placed, submission, {})
  const order = placed.isNew ? null : orderAnswerOf(await readOrderWhenEnded(placed.order.orderId, 0, call))
  return { status: 200, body: { would_be: placed.isNew ? 'accepted' : 'repeated', order } }
}

/** The problem of an order that is not stored. */
function whyNotPlaced(
  placed: Exclude<Placed, { is: 'stored' }>,
  submission: Submission,
  headers: Record<string, string>,
): Problem {
  switch (placed.is) {
    case 'refused':
      return refusal(placed.breach, placed.usage, headers)
    case 'overdue':
      return new Problem('invalid_request', {
        errors: [{ field: 'deadline', problem: DEADLINE_PASSED }],
        headers,
      })
    case 'wallet_refused':
      return new Problem('wallet_refused', { headers })
    case 'conflict':
      return new Problem('reference_conflict', {
        differs: differingFields(placed.order, submission),
        headers,
      })
  }
}

/** Reads a partner's order once it has ended or is in doubt, or the time to wait is over. */
export async function readOrderWhenEnded(
  orderId: string,
  waitSeconds: number,
  call: Call,
): Promise<PartnerOrder> {
  const { caller, longPoll } = call
  const find = async () => {
    const order = await call.findOrder({ partner: caller.partner, orderId })
    if (order === null) throw new Problem('not_found')
    return order
  }
  const order = await find()
  if (waitSeconds === 0 || order.settledAt !== null || order.state === 'in_doubt') return order
  call.releaseSlot()
  // By the stored id: a path may spell it in capitals.
  const { partner } = caller
  await longPoll.waitFor({ key: order.orderId, partner, seconds: waitSeconds, signal: call.signal })
  await call.reauthenticate()
  return await find()
}

/** Parses a body as a job of this partner. @throws Problem */
export function readOrder(body: unknown, partner: string): Submission {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalid([{ field: 'body', problem: 'must be an object' }])
  const { kind, ...fields } = body as Record<string, unknown>
  const given = Object.hasOwn(fields, 'partner')
    ? [{ field: 'partner', problem: 'is known from the key and is not a field' }]
    : []
  try {
    const submission = parseSubmission(kind, { ...fields, partner })
    if (given.length > 0) throw invalid(given)
    return submission
  } catch (error) {
    if (!(error instanceof InvalidOrderError)) throw error
    throw invalid([...given, ...error.problems])
  }
}

function invalid(errors: readonly FieldProblem[]): Problem {
  return new Problem('invalid_request', { errors })
}

function rateLimitHeaders(
  { ordersPerMinute }: PartnerLimits,
  usage: ShownUsage | null,
): Record<string, string> {
  if (ordersPerMinute === null || usage === null) return {}
  return {
    'ratelimit-limit': String(ordersPerMinute),
    'ratelimit-remaining': String(Math.max(ordersPerMinute - usage.orders, 0)),
    'ratelimit-reset': String(usage.minuteEndsInS),
  }
}

/** The problem of a broken limit. */
export function refusal(breach: Breach, usage: ShownUsage | null, headers: Record<string, string>): Problem {
  switch (breach) {
    case 'orders_per_minute':
      return new Problem(breach, { headers, retryAfterS: Math.max(usage?.minuteEndsInS ?? 60, 1) })
    case 'rupiah_per_day':
    case 'wallets_per_day':
      return new Problem(breach, { headers, retryAfterS: Math.max(usage?.dayEndsInS ?? 86_400, 1) })
    case 'rupiah_unbounded':
      return new Problem(breach, {
        headers,
        detail: 'only a buy by amount, or by weight with limit.max_price_per_gram, can be accepted',
      })
    case 'kind_not_allowed':
    case 'rupiah_per_order':
      return new Problem(breach, { headers })
  }
}
