import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { alias, integer, type PgColumn, pgSchema, text, uuid } from 'drizzle-orm/pg-core'
import { at, goldWeight, rupiahAmount } from '../../postgres/columns.ts'
import { ORDER_KINDS, type OrderKind } from '../command.ts'
import { ORDER_STATES, type OrderState } from '../lifecycle.ts'
import { orders } from '../schema.ts'

/** The view of orders, one row an order. What was executed is null until it is known. */
export const opsOrders = pgSchema('ops')
  .view('orders', {
    orderId: uuid('order_id').notNull(),
    partner: text('partner').notNull(),
    reference: text('reference').notNull(),
    kind: text('kind', { enum: ORDER_KINDS }).notNull(),
    phoneNumber: text('phone_number').notNull(),
    state: text('state', { enum: ORDER_STATES }).notNull(),
    reason: text('reason').notNull(),
    attempts: integer('attempts').notNull(),
    requestId: text('request_id'),
    responseId: text('response_id'),
    sessionId: text('session_id'),
    goldWeight: goldWeight('gold_weight'),
    amount: rupiahAmount('amount'),
    fee: rupiahAmount('fee'),
    acceptedAt: at('accepted_at').notNull(),
    settledAt: at('settled_at'),
    waitsFor: uuid('waits_for'),
  })
  .existing()

/** The order behind a row of the view, under a name of its own: table and view are both called `orders`. */
export const baseOrders = alias(orders, 'base_orders')

/** What people list and show. Grams are Postgres's four-decimal text, rupiah its digits: nothing is computed here. */
export interface OrderSummary {
  readonly orderId: string
  readonly partner: string
  readonly reference: string
  readonly kind: OrderKind
  readonly phoneNumber: string
  readonly state: OrderState
  readonly reason: string
  readonly attempts: number
  readonly requestId: string | null
  readonly responseId: string | null
  readonly sessionId: string | null
  readonly goldWeight: string | null
  readonly amount: string | null
  readonly fee: string | null
  readonly acceptedAt: Date
  readonly settledAt: Date | null
}

/** A figure as Postgres writes it. */
export const asText = <T extends string | null = string | null>(figure: SQLWrapper): SQL<T> =>
  sql<T>`(${figure})::text`

/** The columns of a summary, of the view or of a subquery that selects from it. */
export const summaryOf = <View extends Readonly<Record<keyof OrderSummary, PgColumn>>>(view: View) => ({
  orderId: view.orderId,
  partner: view.partner,
  reference: view.reference,
  kind: view.kind,
  phoneNumber: view.phoneNumber,
  state: view.state,
  reason: view.reason,
  attempts: view.attempts,
  requestId: view.requestId,
  responseId: view.responseId,
  sessionId: view.sessionId,
  goldWeight: asText(view.goldWeight),
  amount: asText(view.amount),
  fee: asText(view.fee),
  acceptedAt: view.acceptedAt,
  settledAt: view.settledAt,
})
