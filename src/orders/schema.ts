import { sql } from 'drizzle-orm'
import {
  bigint,
  bigserial,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import {
  at,
  goldWeight,
  ONE_FORM_OF_PHONE_NUMBER,
  ONE_FORM_OF_REFERENCE,
  ONE_FORM_OF_WALLETS,
  oneOf,
  rupiahAmount,
  traceIdentity,
} from '../postgres/columns.ts'
import { ORDER_KINDS } from './command.ts'
import { ATTEMPT_OUTCOMES, ORDER_STATES } from './lifecycle.ts'
import type { OrderContent } from './submission.ts'

/**
 * The tables. Triggers and views, which drizzle cannot describe, are in the hand-written migrations beside the
 * generated ones: legal transitions, append-only events, erasure of a final withdrawal's personal data.
 */
export const orders = pgTable(
  'orders',
  {
    id: uuid('id').primaryKey(),
    partner: text('partner').notNull(),
    reference: text('reference').notNull(),
    kind: text('kind', { enum: ORDER_KINDS }).notNull(),
    phoneNumber: text('phone_number').notNull(),
    /** The kind's own fields as in the job contract. A final withdrawal's KTP number and address are erased. */
    content: jsonb('content').$type<OrderContent>().notNull(),
    contentHash: text('content_hash').notNull(),
    state: text('state', { enum: ORDER_STATES }).notNull(),
    /** Set by the trigger at every write: the state before it. */
    previousState: text('previous_state', { enum: ORDER_STATES }),
    /** Reason code, actor and detail of the last transition; the trigger copies them into order_events. */
    reason: text('reason').notNull(),
    actor: text('actor').notNull(),
    detail: jsonb('detail').$type<Readonly<Record<string, unknown>>>(),
    acceptedAt: at('accepted_at').notNull().defaultNow(),
    deadlineAt: at('deadline_at').notNull(),
    settledAt: at('settled_at'),
    /**
     * When the sweeper wakes an accepted order that the queue has not brought back by itself; -infinity when its turn in its
     * wallet has come. The trigger sets it to null when there is nothing to wake, so that its index needs no state: a commit of
     * an intent then changes no index.
     */
    wakeAt: at('wake_at'),
    /** How often the order was put off, and what for. */
    postponements: integer('postponements').notNull().default(0),
    trouble: text('trouble'),
  },
  (order) => [
    uniqueIndex('orders_partner_reference').on(order.partner, order.reference),
    index('orders_wake_at').on(order.wakeAt).where(sql`wake_at is not null`),
    index('orders_accepted_at').on(order.acceptedAt),
    // What has not ended is little beside all there ever was: metrics count it at every scrape.
    index('orders_open').on(order.acceptedAt).where(sql`settled_at is null`),
    // Reports count what people settled since the last run. BRIN: it costs the write of a final state next to nothing.
    index('orders_settled_at').using('brin', order.settledAt).with({ autosummarize: true }),
    // A partner's own list, page by page.
    index('orders_partner_accepted_at').on(order.partner, order.acceptedAt, order.id),
    index('orders_phone_number').on(order.phoneNumber, order.acceptedAt),
    // I5. Who is before whom in a wallet: buys and debits apart, for a doubt lets the ones pass the others. Without the state
    // in its condition: a commit of an intent then changes no index.
    index('orders_lane')
      .on(order.phoneNumber, sql`((kind = 'buy')::int)`, order.acceptedAt, order.id)
      .where(sql`wake_at is not null`),
    // What may be a doubt in a wallet: orders that have not ended and are not under way.
    index('orders_lane_stopped')
      .on(order.phoneNumber, order.acceptedAt, order.id)
      .where(sql`wake_at is null and settled_at is null`),
    check('orders_kind', oneOf('kind', ORDER_KINDS)),
    check('orders_wallets', ONE_FORM_OF_WALLETS),
    check('orders_reference', ONE_FORM_OF_REFERENCE),
    check('orders_state', oneOf('state', ORDER_STATES)),
    check('orders_wake_while_under_way', sql`(wake_at is not null) = (state in ('accepted', 'confirming'))`),
    check(
      'orders_settled_when_final',
      sql`(settled_at is not null) = (state in ('succeeded', 'rejected', 'expired', 'cancelled'))`,
    ),
    check(
      'orders_final_withdrawal_is_erased',
      sql`not (kind = 'withdraw' and settled_at is not null and (content ? 'ktp' or content ? 'address'))`,
    ),
  ],
)

export const attempts = pgTable(
  'attempts',
  {
    orderId: uuid('order_id').notNull(),
    seq: integer('seq').notNull(),
    /** Drawn by the worker, so that it knows its own intent again after a COMMIT of unknown fate. */
    intentId: uuid('intent_id').notNull(),
    outcome: text('outcome', { enum: ATTEMPT_OUTCOMES }).notNull(),
    /** Copied from the order: a quote belongs to one wallet and kind. */
    kind: text('kind').notNull(),
    phoneNumber: text('phone_number').notNull(),
    quoteId: text('quote_id').notNull(),
    quotedGoldWeight: goldWeight('quoted_gold_weight').notNull(),
    quotedAmount: rupiahAmount('quoted_amount'),
    quotedFee: rupiahAmount('quoted_fee'),
    /** The trace of the run that committed the intent; null when it was not recorded. */
    traceId: traceIdentity('trace_id'),
    intentAt: at('intent_at').notNull().defaultNow(),
    worker: text('worker').notNull(),
    endedAt: at('ended_at'),
    requestId: text('request_id'),
    responseId: text('response_id'),
    sessionId: text('session_id'),
    goldWeight: goldWeight('gold_weight'),
    amount: rupiahAmount('amount'),
    fee: rupiahAmount('fee'),
    gatewayMessage: text('gateway_message'),
    httpStatus: integer('http_status'),
    reply: text('reply'),
  },
  (attempt) => [
    primaryKey({ columns: [attempt.orderId, attempt.seq] }),
    // The fence: whoever did not insert the one live attempt of an order may never send its confirm.
    uniqueIndex('attempts_one_live_per_order')
      .on(attempt.orderId)
      .where(sql`outcome in ('intent', 'in_doubt', 'succeeded')`),
    // At most one send per quote, also when the gateway hands the same quote out twice.
    uniqueIndex('attempts_one_send_per_quote')
      .on(attempt.quoteId, attempt.phoneNumber, attempt.kind)
      .where(sql`outcome <> 'not_sent'`),
    // I5. The fence of a wallet, whatever the orders' states say. Open intents are few: the sweeper reads them all.
    uniqueIndex('attempts_one_in_flight_per_wallet').on(attempt.phoneNumber).where(sql`outcome = 'intent'`),
    // A transaction of the gateway is one order's. A sell has no session_id, so its response_id tells it.
    uniqueIndex('attempts_one_order_per_session').on(attempt.sessionId).where(sql`session_id is not null`),
    uniqueIndex('attempts_one_sell_per_response')
      .on(attempt.responseId)
      .where(sql`kind = 'sell' and response_id is not null`),
    // Rows come in the order of time, so this costs a confirm next to nothing. What is not summarized is read on every look.
    index('attempts_intent_at').using('brin', attempt.intentAt).with({ autosummarize: true }),
    index('attempts_in_doubt').on(attempt.orderId).where(sql`outcome = 'in_doubt'`),
    index('attempts_quote_id').on(attempt.quoteId),
    index('attempts_response_id').on(attempt.responseId).where(sql`response_id is not null`),
    check('attempts_wallet', ONE_FORM_OF_PHONE_NUMBER),
    check('attempts_outcome', oneOf('outcome', ATTEMPT_OUTCOMES)),
    check('attempts_ended_unless_intent', sql`(ended_at is null) = (outcome = 'intent')`),
    check(
      'attempts_executed_when_succeeded',
      sql`outcome <> 'succeeded' or (gold_weight is not null and amount is not null and fee is not null and coalesce(session_id, response_id) is not null)`,
    ),
    check(
      'attempts_execution_only_when_succeeded',
      sql`outcome = 'succeeded' or (gold_weight is null and amount is null and fee is null)`,
    ),
    check(
      'attempts_positive',
      sql`seq > 0 and quoted_gold_weight > 0 and quoted_amount >= 0 and quoted_fee >= 0 and gold_weight > 0 and amount >= 0 and fee >= 0`,
    ),
  ],
)

export const orderEvents = pgTable(
  'order_events',
  {
    id: bigserial('id', { mode: 'bigint' }).primaryKey(),
    orderId: uuid('order_id').notNull(),
    at: at('at').notNull(),
    fromState: text('from_state', { enum: ORDER_STATES }),
    toState: text('to_state', { enum: ORDER_STATES }).notNull(),
    reason: text('reason').notNull(),
    actor: text('actor').notNull(),
    detail: jsonb('detail').$type<Readonly<Record<string, unknown>>>(),
    /** The order's partner, where the event is one that partners are told; null for all others. */
    partner: text('partner'),
    /** Its place in the partner's feed, with the id after it: see append_order_events. */
    feedPosition: bigint('feed_position', { mode: 'bigint' }),
  },
  (event) => [
    // Without a foreign key: the trigger writes it from the order, which is never deleted.
    index('order_events_order_id').on(event.orderId),
    // A partner's feed. Most orders have one such event.
    index('order_events_feed')
      .on(event.partner, event.feedPosition, event.id)
      .where(sql`feed_position is not null`),
    check(
      'order_events_fed',
      sql`(to_state in ('succeeded', 'rejected', 'expired', 'cancelled', 'in_doubt')) = (feed_position is not null) and (partner is null) = (feed_position is null)`,
    ),
  ],
)
