import { z } from 'zod'
import { open } from '../../http/json-schema.ts'
import { type AnyRoute, route } from '../../http/route.ts'
import { ACCEPTANCE_PROBLEMS, checkOrder } from './accept-order.ts'
import { orderAnswer } from './order-answer-schemas.ts'
import { orderBody } from './order-body-schemas.ts'
import { ORDER_BODIES } from './order-examples.ts'

const checkAnswer = z
  .strictObject({
    would_be: open(z.enum(['accepted', 'repeated']), 'what `POST /v1/orders` would make of it now'),
    order: orderAnswer
      .nullable()
      .describe('the order that the reference belongs to already; null where it would be a new one'),
  })
  .meta({ id: 'OrderCheck', description: 'What would become of an order' })

/** Paths of checks. They come before those of orders by id. */
export const CHECK_ROUTES: readonly AnyRoute[] = [
  route({
    name: 'checkOrder',
    method: 'POST',
    path: '/v1/orders/check',
    summary: 'Check an order as if it were placed; nothing is stored and nothing is counted',
    description: `Refused for everything that \`POST /v1/orders\` would refuse now, with the same problems: fields, limits, wallet and
reference. It says nothing of the gateway: a balance or a price is first known when an order is executed.`,
    scope: 'orders:write',
    query: z.strictObject({}),
    body: orderBody as z.ZodType<unknown>,
    readsBody: true,
    bodyExamples: ORDER_BODIES,
    answers: {
      200: {
        description: 'It would be accepted, or is known',
        schema: checkAnswer,
        example: { would_be: 'accepted', order: null },
      },
    },
    problems: ACCEPTANCE_PROBLEMS,
    handle: ({ body }, call) => checkOrder(body, call),
  }),
]
