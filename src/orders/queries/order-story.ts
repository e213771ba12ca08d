import { asc, eq } from 'drizzle-orm'
import type { Database } from '../../postgres/pool.ts'
import { statement, type } from '../../postgres/statement.ts'
import type { AttemptOutcome, OrderState } from '../lifecycle.ts'
import { attempts, orderEvents, orders } from '../schema.ts'
import { laneFrontOf } from '../store/order-rows.ts'
import type { OrderContent } from '../submission.ts'
import { asText, baseOrders, type OrderSummary, opsOrders, summaryOf } from './ops-orders.ts'

/** One attempt with everything that is stored of it. */
export interface AttemptStory {
  readonly seq: number
  readonly outcome: AttemptOutcome
  readonly worker: string
  readonly quoteId: string
  readonly quotedGoldWeight: string
  readonly quotedAmount: string | null
  readonly quotedFee: string | null
  readonly requestId: string | null
  readonly responseId: string | null
  readonly sessionId: string | null
  readonly goldWeight: string | null
  readonly amount: string | null
  readonly fee: string | null
  /** The trace of its run, in 32 hexadecimal digits; null when it was not recorded. */
  readonly traceId: string | null
  readonly intentAt: Date
  readonly endedAt: Date | null
  readonly gatewayMessage: string | null
  readonly httpStatus: number | null
}

/** One move of an order. */
export interface OrderEvent {
  readonly at: Date
  readonly fromState: OrderState | null
  readonly toState: OrderState
  readonly reason: string
  readonly actor: string
  readonly detail: Readonly<Record<string, unknown>> | null
}

/** Where an order comes from, when its partner did not send it by itself. */
export interface OrderOrigins {
  /** The due time of a plan; null when no plan made the order. */
  readonly planRun: { readonly planId: number; readonly name: string; readonly dueAt: string } | null
  /** The rows of batches that are this order. */
  readonly batchRows: readonly {
    readonly batchId: number
    readonly rowNumber: number
    /** The plan that made the batch, and its due time; null when a person did. */
    readonly plan: string | null
    readonly dueAt: Date | null
    /** The row of another batch that it retries; null when it retries none. */
    readonly retriedBatchId: number | null
    readonly retriedRowNumber: number | null
  }[]
  /** The rows of batches that retry it. */
  readonly retries: readonly { readonly batchId: number; readonly rowNumber: number }[]
}

/** Reads where an order comes from: the rooms of plans and batches, which build on this one, know. */
export type ReadOrderOrigins = (database: Database, orderId: string) => Promise<OrderOrigins>

/** The closed switch that holds an accepted order. */
export interface OrderHold {
  readonly scope: string
  readonly reason: string
  readonly closedBy: string
  readonly closedAt: Date
  /** The order's deadline stands still. */
  readonly extendsDeadlines: boolean
}

/** Reads which closed switch holds an order: the room of switches, which builds on this one, knows. Null: none does. */
export type ReadOrderHold = (database: Database, orderId: string) => Promise<OrderHold | null>

/** What other rooms know of an order. */
export interface OrderReaders {
  readonly readOrigins: ReadOrderOrigins
  readonly readHold: ReadOrderHold
}

/** The order that goes before one in its wallet. */
export interface OrderInFront {
  readonly orderId: string
  readonly partner: string
  readonly reference: string
  readonly state: OrderState
}

/** Everything that is known of one order. */
export interface OrderStory extends OrderSummary, OrderOrigins {
  readonly hold: OrderHold | null
  /** Null when the order waits for none. */
  readonly waitsFor: OrderInFront | null
  readonly content: OrderContent
  readonly deadlineAt: Date
  readonly postponements: number
  readonly trouble: string | null
  readonly attemptStories: readonly AttemptStory[]
  readonly events: readonly OrderEvent[]
}

const selectOrder = statement('read_order', { orderId: opsOrders.orderId }, (db, { orderId }) =>
  db
    .select({
      ...summaryOf(opsOrders),
      content: baseOrders.content,
      deadlineAt: baseOrders.deadlineAt,
      postponements: baseOrders.postponements,
      trouble: baseOrders.trouble,
    })
    .from(opsOrders)
    .innerJoin(baseOrders, eq(baseOrders.id, opsOrders.orderId))
    .where(eq(opsOrders.orderId, orderId)),
)

const selectFront = statement(
  'read_order_in_front',
  { orderId: orders.id, debitsWait: type.boolean },
  (db, { orderId, debitsWait }) => {
    const { id, partner, reference, state } = baseOrders
    const front = db
      .select({ id: laneFrontOf(debitsWait) })
      .from(orders)
      .where(eq(orders.id, orderId))
    return db.select({ orderId: id, partner, reference, state }).from(baseOrders).where(eq(id, front))
  },
)

const selectAttempts = statement('read_attempts', { orderId: attempts.orderId }, (db, { orderId }) =>
  db
    .select({
      seq: attempts.seq,
      outcome: attempts.outcome,
      worker: attempts.worker,
      quoteId: attempts.quoteId,
      quotedGoldWeight: asText<string>(attempts.quotedGoldWeight),
      quotedAmount: asText(attempts.quotedAmount),
      quotedFee: asText(attempts.quotedFee),
      requestId: attempts.requestId,
      responseId: attempts.responseId,
      sessionId: attempts.sessionId,
      goldWeight: asText(attempts.goldWeight),
      amount: asText(attempts.amount),
      fee: asText(attempts.fee),
      traceId: attempts.traceId,
      intentAt: attempts.intentAt,
      endedAt: attempts.endedAt,
      gatewayMessage: attempts.gatewayMessage,
      httpStatus: attempts.httpStatus,
    })
    .from(attempts)
    .where(eq(attempts.orderId, orderId))
    .orderBy(asc(attempts.seq)),
)

const selectEvents = statement('read_events', { orderId: orderEvents.orderId }, (db, { orderId }) =>
  db
    .select({
      at: orderEvents.at,
      fromState: orderEvents.fromState,
      toState: orderEvents.toState,
      reason: orderEvents.reason,
      actor: orderEvents.actor,
      detail: orderEvents.detail,
    })
    .from(orderEvents)
    .where(eq(orderEvents.orderId, orderId))
    .orderBy(asc(orderEvents.id)),
)

/** Reads one order's whole story; null when there is no such order. */
export async function readOrderStory(
  database: Database,
  orderId: string,
  { readOrigins, readHold }: OrderReaders,
  debitsWait = true,
): Promise<OrderStory | null> {
  const [order] = await selectOrder(database, { orderId })
  if (order === undefined) return null
  const [[waitsFor = null], origins, hold, attemptStories, events] = await Promise.all([
    selectFront(database, { orderId, debitsWait }),
    readOrigins(database, orderId),
    readHold(database, orderId),
    selectAttempts(database, { orderId }),
    selectEvents(database, { orderId }),
  ])
  return { ...order, waitsFor, ...origins, hold, attemptStories, events }
}
