import { and, asc, eq, sql } from 'drizzle-orm'
import type { Database } from '../../postgres/pool.ts'
import { statement } from '../../postgres/statement.ts'
import type { OrderState } from '../lifecycle.ts'
import { orderEvents, orders } from '../schema.ts'

/** A move of an order as its partner may see it. */
export interface PartnerOrderEvent {
  readonly at: Date
  readonly fromState: OrderState | null
  readonly toState: OrderState
  readonly reason: string
  /** What kind of actor moved it: partner, worker, sweeper, batch, plan, person. */
  readonly by: string
}

const selectEvents = statement(
  'read_own_order_events',
  { partner: orders.partner, orderId: orders.id },
  (db, { partner, orderId }) =>
    db
      .select({
        at: orderEvents.at,
        fromState: orderEvents.fromState,
        toState: orderEvents.toState,
        reason: orderEvents.reason,
        by: sql<string>`split_part(${orderEvents.actor}, ':', 1)`,
      })
      .from(orders)
      .innerJoin(orderEvents, eq(orderEvents.orderId, orders.id))
      .where(and(eq(orders.partner, partner), eq(orders.id, orderId)))
      .orderBy(asc(orderEvents.id)),
)

/** The moves of an order of this partner. Empty when it has none of this id: every order has its first event. */
export async function readPartnerOrderEvents(
  database: Database,
  partner: string,
  orderId: string,
): Promise<PartnerOrderEvent[]> {
  return await selectEvents(database, { partner, orderId })
}
