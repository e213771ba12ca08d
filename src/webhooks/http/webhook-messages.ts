import { z } from 'zod'
import { count, time } from '../../http/field-schemas.ts'
import type { WebhookRow } from '../../http/openapi-webhook.ts'
import { executedAnswer, orderKind, orderState } from '../../orders/http/order-answer-schemas.ts'
import { type BATCH_COUNTS, type EventKind, ORDER_EVENT_KINDS } from '../enums.ts'

/** The bodies of webhooks, as `messageBody` makes them. */
const timestamp = time('when the order or the batch changed its state')

/** The message of an order's event, in a webhook and in the feed. */
export const orderMessage = z
  .strictObject({
    type: z.enum(ORDER_EVENT_KINDS).describe('the kind of the event'),
    timestamp,
    data: z
      .strictObject({
        order_id: z.guid().describe('our id of the order'),
        sequence: z.int().min(1).describe("counts the order's events from 1, without gaps"),
        partner: z.string().describe('your short name'),
        reference: z.string().describe('your own id of the order'),
        kind: orderKind,
        state: orderState,
        reason: z.string().describe('why: docs/lifecycle.md. Open: more codes may be added'),
        accepted_at: time('when the order was accepted'),
        executed: executedAnswer
          .omit({ request_id: true })
          .meta({ id: 'ExecutedMessage', description: 'What was executed' })
          .nullable()
          .describe('null unless the state is succeeded'),
      })
      .meta({ id: 'OrderMessageData', description: 'The order as the event left it' }),
  })
  .meta({ id: 'OrderMessage', description: 'An order ended, is in doubt, or its doubt is over' })

const COUNTS = {
  rows: count('rows of the file; the counts below add up to it'),
  succeeded: count('rows whose order succeeded'),
  rejected: count('rows whose order was rejected'),
  expired: count('rows whose order expired'),
  cancelled: count('rows whose order was cancelled'),
  in_doubt: count('rows whose order was in doubt'),
  conflicts: count('rows whose reference belongs to an order with other content'),
} satisfies Record<(typeof BATCH_COUNTS)[number], z.ZodType>

const batchMessage = z
  .strictObject({
    type: z.literal('batch.finished').describe('the kind of the event'),
    timestamp,
    data: z
      .strictObject({
        batch_id: z.int().describe("the batch's number"),
        file_name: z.string().describe('the name you gave its file'),
        ...COUNTS,
        finished_at: time('when its last row ended'),
      })
      .meta({ id: 'BatchMessageData', description: 'The batch when it finished' }),
  })
  .meta({ id: 'BatchMessage', description: 'Every row of a batch has ended or is in doubt' })

const testMessage = z
  .strictObject({
    type: z.literal('webhook.test').describe('the kind of the event'),
    timestamp,
    data: z.strictObject({}).describe('empty'),
  })
  .meta({ id: 'TestMessage', description: 'An endpoint is tested' })

const ORDER = {
  order_id: '0197a0b4-5c00-7000-8000-000000000001',
  sequence: 1,
  partner: 'acme',
  reference: 'A-1',
  kind: 'buy',
  accepted_at: '2026-02-09T05:00:00.000Z',
}
const AT = '2026-02-09T05:00:03.120Z'

const EXECUTED = {
  gold_weight: '0.5000',
  amount: 441_000,
  fee: 5_000,
  session_id: '764FC70DD96B9E07713D95A9AD004702',
  response_id: '1082102090000011',
}

function orderRow(type: EventKind, summary: string, [state, reason]: readonly [string, string]): WebhookRow {
  const executed = state === 'succeeded' ? EXECUTED : null
  const data = { ...ORDER, state, reason, executed }
  return { summary, schema: orderMessage, example: { type, timestamp: AT, data } }
}

/** Every kind of webhook. */
export const WEBHOOKS: Readonly<Record<EventKind, WebhookRow>> = {
  'order.succeeded': orderRow('order.succeeded', 'An order was executed', ['succeeded', 'executed']),
  'order.rejected': orderRow('order.rejected', 'An order was refused, and nothing was executed', [
    'rejected',
    'insufficient_balance',
  ]),
  'order.expired': orderRow('order.expired', "An order's deadline passed before any confirm", [
    'expired',
    'deadline_passed',
  ]),
  'order.cancelled': orderRow('order.cancelled', 'An order was cancelled before any confirm', [
    'cancelled',
    'cancel_requested',
  ]),
  'order.in_doubt': orderRow(
    'order.in_doubt',
    'A confirm was sent and its outcome is not known yet: do not place the order again',
    ['in_doubt', 'reply_lost'],
  ),
  'order.resolved': orderRow('order.resolved', 'The doubt is over: it succeeded or was rejected', [
    'succeeded',
    'late_reply',
  ]),
  'batch.finished': {
    summary: 'Every row of a batch of yours has ended or is in doubt',
    schema: batchMessage,
    example: {
      type: 'batch.finished',
      timestamp: '2026-02-25T02:10:00.480Z',
      data: {
        batch_id: 7,
        file_name: 'payroll.csv',
        rows: 1_000,
        succeeded: 991,
        rejected: 4,
        expired: 1,
        cancelled: 0,
        in_doubt: 2,
        conflicts: 2,
        finished_at: '2026-02-25T02:10:00.480Z',
      },
    },
  },
  'webhook.test': {
    summary: 'An operator tests the endpoint',
    schema: testMessage,
    example: { type: 'webhook.test', timestamp: AT, data: {} },
  },
}
