import { z } from 'zod'
import { PAGE, wholeNumber, writePlace } from '../../http/paging.ts'
import { Problem } from '../../http/problems.ts'
import { type AnyRoute, type Call, route } from '../../http/route.ts'
import { cancelOrder } from '../commands.ts'
import { readPartnerOrderEvents } from '../queries/partner-order-events.ts'
import { findPartnerOrders } from '../queries/partner-orders.ts'
import { searchOrders } from '../queries/search-orders.ts'
import { createOrderStore } from '../store/order-store.ts'
import { ACCEPTANCE_PROBLEMS, acceptOrder, readOrderWhenEnded } from './accept-order.ts'
import { eventAnswerOf, orderAnswerOf } from './order-answer.ts'
import { eventsAnswer, orderAnswer, ordersAnswer } from './order-answer-schemas.ts'
import { orderBody } from './order-body-schemas.ts'
import { placeOf, placeText } from './order-cursor.ts'
import { ACCEPTED, CANCELLED, EVENTS, ORDER_BODIES, SUCCEEDED } from './order-examples.ts'
import { orderFilter, searchOf } from './order-filter.ts'

const MAX_WAIT_S = 60

const wait = wholeNumber(0, MAX_WAIT_S, 'seconds to wait for the order to end or to be in doubt').optional()
const waiting = z.strictObject({ wait })
const one = z.strictObject({ id: z.guid().describe("the order's id") })

const IDEMPOTENT_PER_REFERENCE = `Safe to repeat at any time: the same reference and content is the same order; with other content the answer is 409
and the first order stands. 202 is answered once the order is committed, whether or not the queue is up.`

export const ORDER_ROUTES: readonly AnyRoute[] = [
  route({
    name: 'placeOrder',
    method: 'POST',
    path: '/v1/orders',
    summary: 'Place an order',
    description: IDEMPOTENT_PER_REFERENCE,
    scope: 'orders:write',
    query: waiting,
    body: orderBody as z.ZodType<unknown>,
    readsBody: true,
    bodyExamples: ORDER_BODIES,
    answers: {
      202: {
        description: 'The order is accepted, now or before',
        schema: orderAnswer,
        example: ACCEPTED,
        headers: {
          Location: 'where the order is read',
          'RateLimit-Limit': 'orders a minute, where they are limited',
          'RateLimit-Remaining': 'orders left in this minute',
          'RateLimit-Reset': 'seconds until the minute ends',
        },
      },
    },
    problems: ACCEPTANCE_PROBLEMS,
    handle: ({ query, body }, call) => acceptOrder(body, query.wait ?? 0, call),
  }),
  route({
    name: 'listOrders',
    method: 'GET',
    path: '/v1/orders',
    summary: 'List your orders, the newest first',
    description:
      'An order that is accepted while you read pages is on none of them. A page may be shorter than the limit: there are more while `next` is not null.',
    scope: 'orders:read',
    query: orderFilter,
    answers: {
      200: {
        description: 'A page of orders',
        schema: ordersAnswer,
        example: { orders: [SUCCEEDED], next: null },
      },
    },
    problems: [],
    async handle({ query }, { database, caller }) {
      const after = placeOf(query.cursor)
      const search = searchOf(query, caller.partner)
      const { orderIds, next } = await searchOrders(database, search, after, query.limit ?? PAGE)
      const owns = orderIds.map((orderId) => ({ partner: caller.partner, orderId }))
      const orders = (await findPartnerOrders(database, owns)).filter((order) => order !== null)
      const cursor = next === null ? null : writePlace(placeText(next))
      return { status: 200, body: { orders: orders.map(orderAnswerOf), next: cursor } }
    },
  }),
  route({
    name: 'readOrder',
    method: 'GET',
    path: '/v1/orders/{id}',
    summary: 'Read an order',
    scope: 'orders:read',
    params: one,
    query: waiting,
    answers: { 200: { description: 'The order as it is now', schema: orderAnswer, example: SUCCEEDED } },
    problems: ['not_found'],
    async handle({ params, query }, call) {
      return { status: 200, body: orderAnswerOf(await readOrderWhenEnded(params.id, query.wait ?? 0, call)) }
    },
  }),
  route({
    name: 'readOrderEvents',
    method: 'GET',
    path: '/v1/orders/{id}/events',
    summary: "Read an order's history",
    scope: 'orders:read',
    params: one,
    query: z.strictObject({}),
    answers: {
      200: {
        description: 'Every change of its state, the oldest first',
        schema: eventsAnswer,
        example: EVENTS,
      },
    },
    problems: ['not_found'],
    async handle({ params }, { database, caller }) {
      const events = await readPartnerOrderEvents(database, caller.partner, params.id)
      if (events.length === 0) throw new Problem('not_found')
      return { status: 200, body: { events: events.map(eventAnswerOf) } }
    },
  }),
  route({
    name: 'cancelOrder',
    method: 'POST',
    path: '/v1/orders/{id}/cancel',
    summary: 'Cancel an order that has nothing in flight',
    description: 'Safe to repeat: an order that is cancelled already is 200 too. There is no body.',
    scope: 'orders:write',
    params: one,
    query: z.strictObject({}),
    answers: { 200: { description: 'The order is cancelled', schema: orderAnswer, example: CANCELLED } },
    problems: ['not_found', 'not_cancellable'],
    handle: ({ params }, call) => cancel(params.id, call),
  }),
]

async function cancel(id: string, call: Call) {
  const { database, caller } = call
  // The order must be the partner's own.
  const { orderId } = await readOrderWhenEnded(id, 0, call)
  const request = { orderId, actor: `partner:${caller.partner}`, note: 'requested over HTTP' }
  const moved = await cancelOrder(request, createOrderStore(database))
  const order = await readOrderWhenEnded(orderId, 0, call)
  if (moved.is === 'refused' && order.state !== 'cancelled')
    throw new Problem('not_cancellable', { detail: moved.message })
  return { status: 200, body: orderAnswerOf(order) }
}
