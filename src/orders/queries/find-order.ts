import { and, desc, eq, or, sql } from 'drizzle-orm'
import { readReference } from '../../core/plain-text.ts'
import type { StatementRunner } from '../../postgres/pool.ts'
import { nullable, statement } from '../../postgres/statement.ts'
import type { OrderKind } from '../command.ts'
import type { OrderState } from '../lifecycle.ts'
import { orders } from '../schema.ts'

const selectOrderId = statement(
  'find_order_id',
  { orderId: nullable(orders.id), partner: orders.partner, reference: nullable(orders.reference) },
  (db, { orderId, partner, reference }) =>
    db
      .select({ orderId: orders.id })
      .from(orders)
      .where(or(eq(orders.id, orderId), and(eq(orders.partner, partner), eq(orders.reference, reference))))
      .orderBy(desc(sql`(${orders.id} = ${orderId}) is true`))
      .limit(1),
)

const ORDER_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Finds an order by its id or by `partner/reference`; null when there is none. */
export async function findOrderId(database: StatementRunner, given: string): Promise<string | null> {
  const [partner = '', ...rest] = given.split('/')
  const orderId = ORDER_ID.test(given) ? given : null
  const [row] = await selectOrderId(database, { orderId, partner, reference: readReference(rest.join('/')) })
  return row?.orderId ?? null
}

const selectCounts = statement('count_orders', {}, (db) =>
  db
    .select({ kind: orders.kind, state: orders.state, count: sql<number>`count(*)::int` })
    .from(orders)
    .groupBy(orders.kind, orders.state),
)

/** How many orders of each kind are in each state. */
export async function countOrders(
  database: StatementRunner,
): Promise<{ kind: OrderKind; state: OrderState; count: number }[]> {
  return await selectCounts(database, {})
}
