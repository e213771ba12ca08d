import { z } from 'zod'
import { count, grams, maskedWallet, rupiah, time } from '../../http/field-schemas.ts'
import { nextPage } from '../../http/paging.ts'
import { ORDER_KINDS } from '../command.ts'
import { ORDER_STATES } from '../lifecycle.ts'

export const orderState = z.enum(ORDER_STATES).meta({
  id: 'OrderState',
  description:
    'Closed: succeeded, rejected, expired and cancelled are final; in_doubt is not a failure: do not order again',
})
export const orderKind = z
  .enum(ORDER_KINDS)
  .meta({ id: 'OrderKind', description: 'The kind of an order. Closed' })
const reasonOf = (what: string) =>
  z.string().describe(`the code of ${what} change of state: docs/lifecycle.md. Open: more codes may be added`)

/** The fields of an order, as they are answered. */
export const requestAnswer = z
  .strictObject({
    gold_weight: grams('the weight that was ordered').optional(),
    amount: rupiah('the amount that was ordered').optional(),
    limit: z
      .strictObject({
        max_price_per_gram: rupiah('the highest price per gram').optional(),
        min_price_per_gram: rupiah('the lowest price per gram').optional(),
        max_fee: rupiah('the largest fee').optional(),
      })
      .describe('what every quote is compared with')
      .optional(),
    recipient: z.string().describe('the receiving wallet, masked').optional(),
  })
  .meta({ id: 'OrderedFields', description: 'The fields of the order, without personal data' })

/** What a succeeded order came to. */
export const executedAnswer = z
  .strictObject({
    request_id: z.string().nullable().describe("the gateway's id of the confirm's request"),
    response_id: z.string().nullable().describe("the gateway's id of its reply"),
    session_id: z.string().nullable().describe("the gateway's id of the transaction"),
    gold_weight: grams('the executed weight'),
    amount: rupiah('the executed amount'),
    fee: rupiah("the gateway's fee"),
  })
  .meta({ id: 'Executed', description: 'The executed transaction' })

/** An order as it is answered. */
export const orderAnswer = z
  .strictObject({
    id: z.guid().describe('our id of the order'),
    reference: z.string().describe('your own id of the order'),
    kind: orderKind,
    phone_number: maskedWallet,
    request: requestAnswer,
    state: orderState,
    reason: reasonOf('the last'),
    attempts: count('quotes for which a confirm was intended'),
    executed: executedAnswer.nullable().describe('the executed transaction; null until one is known'),
    accepted_at: time('when the order was accepted'),
    deadline: time('no quote is confirmed after it'),
    settled_at: time('when the order became final').nullable(),
  })
  .meta({ id: 'Order', description: 'An order as it is now' })
export type OrderAnswer = z.infer<typeof orderAnswer>

export const ordersAnswer = z
  .strictObject({ orders: z.array(orderAnswer).describe('the newest first'), next: nextPage })
  .meta({ id: 'OrderPage', description: 'A page of orders' })

const eventAnswer = z
  .strictObject({
    at: time('when the state changed'),
    from: orderState.nullable().describe('null: the order was accepted'),
    to: orderState,
    reason: reasonOf('this'),
    by: z.string().describe('partner, worker, sweeper, batch, plan or person. Open: more may be added'),
  })
  .meta({ id: 'OrderEvent', description: 'A change of the state of an order' })

export const eventsAnswer = z
  .strictObject({ events: z.array(eventAnswer).describe('the oldest first') })
  .meta({ id: 'OrderHistory', description: 'Every change of the state of an order' })
