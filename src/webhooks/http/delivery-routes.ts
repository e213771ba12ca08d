import { z } from 'zod'
import { count, time } from '../../http/field-schemas.ts'
import { onTheWire } from '../../http/json-schema.ts'
import { nextPage, PAGE, pageOf, paging, readPlace } from '../../http/paging.ts'
import { Problem } from '../../http/problems.ts'
import { type AnyRoute, route } from '../../http/route.ts'
import { DELIVERY_STATES } from '../enums.ts'
import { type DeliveryPlace, listOwnDeliveries, type OwnDelivery, redeliverOwn } from '../own-deliveries.ts'
import { actAsHolder } from '../own-endpoints.ts'

const deliveryAnswer = z
  .strictObject({
    id: z.guid().describe("the event's id, the `webhook-id` of every try"),
    type: z.string().describe('the kind of the event. Open: more may be added'),
    at: time('when it happened'),
    reference: z.string().nullable().describe("the order's reference; null unless it is about an order"),
    batch_id: z.int().nullable().describe("the batch's number; null unless it is about a batch"),
    sequence: z
      .int()
      .nullable()
      .describe("its number among the order's events; null unless it is about an order"),
    state: z.enum(DELIVERY_STATES).describe('Closed'),
    tries: count('how often it was sent'),
    next_at: time('when it is sent next').nullable(),
    ended_at: time('when it was delivered or given up').nullable(),
    http_status: z.int().nullable().describe('what your endpoint answered last; null where no answer came'),
    trouble: z.string().nullable().describe('why no answer came, as a code. Open: more may be added'),
    reply: z.string().nullable().describe('the beginning of the last answer, masked'),
  })
  .meta({ id: 'WebhookDelivery', description: 'One event to one endpoint' })

const deliveriesAnswer = z
  .strictObject({ deliveries: z.array(deliveryAnswer).describe('the newest first'), next: nextPage })
  .meta({ id: 'WebhookDeliveryPage', description: 'A page of deliveries' })

const redeliveredAnswer = z
  .strictObject({
    id: z.guid().describe("the event's id"),
    deliveries: count('endpoints to which it is sent again; 0: it is on its way already'),
  })
  .meta({ id: 'WebhookRedelivery', description: 'An event that is sent again' })

const listing = z.strictObject({
  endpoint_id: onTheWire(
    z
      .string()
      .regex(/^[1-9]\d{0,8}$/)
      .transform(Number)
      .describe('the endpoint, by its number'),
    { type: 'integer', minimum: 1 },
  ),
  state: z
    .enum(DELIVERY_STATES)
    .describe('only those in this state; without it, those that were delivered or given up')
    .optional(),
  ...paging('deliveries'),
})

const ID = '0a5c7a3e-5a3c-4f6e-9d0e-0d9b6a1f2c3d'

export const DELIVERY_ROUTES: readonly AnyRoute[] = [
  route({
    name: 'listWebhookDeliveries',
    method: 'GET',
    path: '/v1/webhook-deliveries',
    summary: 'List deliveries to an endpoint, the newest first',
    scope: 'webhooks',
    query: listing,
    answers: {
      200: {
        description: 'A page of deliveries',
        schema: deliveriesAnswer,
        example: {
          deliveries: [
            {
              ...{ id: ID, type: 'order.succeeded', at: '2026-02-09T05:00:03.120Z' },
              ...{ reference: 'A-1', batch_id: null, sequence: 1, state: 'delivered', tries: 1 },
              ...{ next_at: null, ended_at: '2026-02-09T05:00:03.480Z' },
              ...{ http_status: 204, trouble: null, reply: '' },
            },
          ],
          next: null,
        },
      },
    },
    problems: [],
    async handle({ query }, { database, caller }) {
      const { endpoint_id: endpointId, state = null, limit = PAGE, cursor } = query
      const place = readPlace(cursor, (text) => placeOf(text) !== null)
      const filter = { endpointId, partner: caller.partner, state, limit: limit + 1 }
      const after = place === null ? null : placeOf(place)
      const found = await listOwnDeliveries(database, { ...filter, after })
      const { page, next } = pageOf(found, limit, ({ micros, eventId }) => `${micros}/${eventId}`)
      return { status: 200, body: { deliveries: page.map(deliveryAnswerOf), next } }
    },
  }),
  route({
    name: 'redeliverWebhook',
    method: 'POST',
    path: '/v1/webhook-deliveries/{id}/redeliver',
    summary: 'Send an event again, under the id it had',
    description: 'To each of your endpoints that it was sent to and that is not removed. Safe to repeat.',
    scope: 'webhooks',
    params: z.strictObject({ id: z.guid().describe("the event's id") }),
    query: z.strictObject({}),
    answers: {
      202: {
        description: 'It is sent again',
        schema: redeliveredAnswer,
        example: { id: ID, deliveries: 1 },
      },
    },
    problems: ['not_found'],
    async handle({ params: { id } }, { database, caller }) {
      const deliveries = await database.transaction(async (runner) => {
        await actAsHolder(runner, caller)
        return await redeliverOwn(runner, { eventId: id, partner: caller.partner })
      })
      if (deliveries === null) throw new Problem('not_found')
      return { status: 202, body: { id, deliveries } }
    },
  }),
]

const PLACE = /^(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

function placeOf(text: string): DeliveryPlace | null {
  const [, micros = '', eventId = ''] = PLACE.exec(text) ?? []
  const at = new Date(micros)
  // Postgres refuses 31 February.
  const isReal = !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 19) === micros.slice(0, 19)
  return isReal ? { micros, eventId } : null
}

const deliveryAnswerOf = (delivery: OwnDelivery) => ({
  id: delivery.eventId,
  type: delivery.kind,
  at: delivery.at.toISOString(),
  reference: delivery.reference,
  batch_id: delivery.batchId,
  sequence: delivery.sequence,
  state: delivery.state,
  tries: delivery.tries,
  next_at: delivery.state === 'pending' ? delivery.nextAt.toISOString() : null,
  ended_at: delivery.endedAt?.toISOString() ?? null,
  http_status: delivery.httpStatus,
  trouble: delivery.trouble,
  reply: delivery.reply,
})
