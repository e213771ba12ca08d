import { sql } from 'drizzle-orm'
import {
  bigint,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  serial,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { at, oneOf } from '../postgres/columns.ts'
import { type BatchCounts, DELIVERY_STATES, ENDPOINT_STATES, EVENT_KINDS, PAUSE_REASONS } from './enums.ts'

/**
 * The tables of webhooks. The triggers of the hand-written migration write events and deliveries in the transaction of
 * the state change, and refuse to delete history until it is old.
 */

/** A partner's endpoint. Secrets are stored readable, because they sign: anyone who reads this table can forge messages. */
export const webhookEndpoints = pgTable(
  'webhook_endpoints',
  {
    id: serial('id').primaryKey(),
    partner: text('partner').notNull(),
    url: text('url').notNull(),
    kinds: text('kinds').array().notNull(),
    state: text('state', { enum: ENDPOINT_STATES }).notNull().default('active'),
    pausedBecause: text('paused_because', { enum: PAUSE_REASONS }),
    /** Who paused or removed it, and why. */
    note: text('note'),
    stateSince: at('state_since').notNull().defaultNow(),
    /** Null once it is removed. */
    secret: text('secret'),
    /** Signs beside the current one until `previous_until`. */
    previousSecret: text('previous_secret'),
    previousUntil: at('previous_until'),
    /** The first failure since the last success. */
    failingSince: at('failing_since'),
    createdAt: at('created_at').notNull().defaultNow(),
    createdBy: text('created_by').notNull(),
    /** The change request by which two people approved its URL. */
    requestId: integer('request_id'),
  },
  (endpoint) => [
    // Read at every end of an order: partners without an endpoint cost one index look-up.
    index('webhook_endpoints_partner').on(endpoint.partner).where(sql`state <> 'removed'`),
    check('webhook_endpoints_state', oneOf('state', ENDPOINT_STATES)),
    check('webhook_endpoints_paused', sql`(state = 'paused') = (paused_because is not null)`),
    check('webhook_endpoints_paused_because', oneOf('paused_because', PAUSE_REASONS)),
    check('webhook_endpoints_secret', sql`(state = 'removed') = (secret is null)`),
    check(
      'webhook_endpoints_previous_secret',
      sql`(previous_secret is null) = (previous_until is null) and (state <> 'removed' or previous_secret is null)`,
    ),
    check('webhook_endpoints_kinds', sql`cardinality(kinds) > 0`),
  ],
)

/** An event for partners. Its id is the `webhook-id` of every try. */
export const webhookEvents = pgTable(
  'webhook_events',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    kind: text('kind', { enum: EVENT_KINDS }).notNull(),
    at: at('at').notNull(),
    /** The state change of an order; null for what is not about an order. */
    orderEventId: bigint('order_event_id', { mode: 'bigint' }),
    orderId: uuid('order_id'),
    /** Counts an order's events from 1, without gaps. */
    sequence: integer('sequence'),
    /** The batch that has ended; it has one event. */
    batchId: integer('batch_id'),
    /** The batch's counts when it ended: doubts settle later, and every try must send the same body. */
    counts: jsonb('counts').$type<BatchCounts>(),
  },
  (event) => [
    uniqueIndex('webhook_events_sequence').on(event.orderId, event.sequence),
    uniqueIndex('webhook_events_batch_id').on(event.batchId),
    // The newest are listed first, the oldest deleted.
    index('webhook_events_at').on(event.at),
    check('webhook_events_kind', oneOf('kind', EVENT_KINDS)),
    check(
      'webhook_events_about',
      sql`(kind = 'batch.finished') = (batch_id is not null) and (kind in ('batch.finished', 'webhook.test')) = (order_id is null) and (order_id is null) = (order_event_id is null) and (order_id is null) = (sequence is null) and sequence > 0`,
    ),
    check('webhook_events_counts', sql`(batch_id is null) = (counts is null)`),
  ],
)

/** One event to one endpoint. Without foreign keys: the trigger writes it from both, and neither goes before it. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    endpointId: integer('endpoint_id').notNull(),
    eventId: uuid('event_id').notNull(),
    orderId: uuid('order_id'),
    sequence: integer('sequence'),
    state: text('state', { enum: DELIVERY_STATES }).notNull().default('pending'),
    /** When it is due. A sender that claims it moves this to the end of its lease, so that it is due again if the sender dies. */
    nextAt: at('next_at').notNull(),
    /** How often it was claimed. Only the sender of the last claim may record a failure. */
    tries: integer('tries').notNull().default(0),
    /** Its position in the table of delays. A replay starts again. */
    step: integer('step').notNull().default(0),
    endedAt: at('ended_at'),
  },
  (delivery) => [
    primaryKey({ columns: [delivery.eventId, delivery.endpointId] }),
    index('webhook_deliveries_due').on(delivery.endpointId, delivery.nextAt).where(sql`state = 'pending'`),
    index('webhook_deliveries_order')
      .on(delivery.orderId, delivery.endpointId, delivery.sequence)
      .where(sql`state = 'pending'`),
    // What a partner lists. A delivery enters it when it ends, and not with its order.
    index('webhook_deliveries_endpoint_ended')
      .on(delivery.endpointId, delivery.endedAt, delivery.eventId)
      .where(sql`ended_at is not null`),
    // Few: what an endpoint has lost, counted and listed.
    index('webhook_deliveries_given_up')
      .on(delivery.endpointId, delivery.endedAt)
      .where(sql`state = 'given_up'`),
    // The oldest are deleted.
    index('webhook_deliveries_ended_at').on(delivery.endedAt).where(sql`ended_at is not null`),
    check('webhook_deliveries_state', oneOf('state', DELIVERY_STATES)),
    check('webhook_deliveries_ended', sql`(state = 'pending') = (ended_at is null)`),
  ],
)

/** Each try and its result. A try without a row is under way, or its sender died. */
export const webhookTries = pgTable(
  'webhook_tries',
  {
    eventId: uuid('event_id').notNull(),
    endpointId: integer('endpoint_id').notNull(),
    try: integer('try').notNull(),
    at: at('at').notNull(),
    durationMs: integer('duration_ms').notNull(),
    httpStatus: integer('http_status'),
    /** Why there is no status, as a code. */
    trouble: text('trouble'),
    /** The reply's beginning, masked. */
    reply: text('reply'),
  },
  (row) => [
    primaryKey({ columns: [row.eventId, row.endpointId, row.try] }),
    foreignKey({
      columns: [row.eventId, row.endpointId],
      foreignColumns: [webhookDeliveries.eventId, webhookDeliveries.endpointId],
      name: 'webhook_tries_delivery_fk',
    }),
    check('webhook_tries_came_to', sql`(http_status is null) = (trouble is not null)`),
  ],
)
