import { and, asc, desc, eq, isNull, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { readReference } from '../../core/plain-text.ts'
import type { Database, StatementRunner } from '../../postgres/pool.ts'
import { list, nullable, type Queries, statement, type } from '../../postgres/statement.ts'
import type { OrderKind } from '../command.ts'
import type { OrderState } from '../lifecycle.ts'
import { attempts, orders } from '../schema.ts'
import { asText, baseOrders, type OrderSummary, opsOrders, summaryOf } from './ops-orders.ts'

/** Which orders to list; null fields do not narrow. The newest come first. */
export interface OrderFilter {
  readonly state: OrderState | null
  readonly kind: OrderKind | null
  readonly partner: string | null
  readonly phoneNumber: string | null
  readonly limit: number
  readonly skip: number
}

/** An order in a list. */
export interface ListedOrder extends OrderSummary {
  /** Where its grams and rupiah come from; null when it ended without moving anything. */
  readonly basis: 'executed' | 'quoted' | 'asked' | null
  readonly grams: string | null
  readonly rupiah: string | null
}

/** The sum of all orders of a filter, in the grams and rupiah that a list shows of each. */
export interface OrderSums {
  readonly count: number
  readonly grams: string
  readonly rupiah: string
  /** Orders whose rupiah are not known, such as withdrawals before their confirm. */
  readonly withoutRupiah: number
}

const FILTER = {
  state: nullable(orders.state),
  kind: nullable(orders.kind),
  partner: nullable(orders.partner),
  phoneNumber: nullable(orders.phoneNumber),
}

/** Lists and sums select the same orders. */
const isListed = ({ state, kind, partner, phoneNumber }: Record<keyof typeof FILTER, SQL>) =>
  and(
    or(isNull(state), eq(opsOrders.state, state)),
    or(isNull(kind), eq(opsOrders.kind, kind)),
    or(isNull(partner), eq(opsOrders.partner, partner)),
    or(isNull(phoneNumber), eq(opsOrders.phoneNumber, phoneNumber)),
  )

/** The quote of an order's newest attempt that may have been executed. */
const newestQuote = (db: Queries) =>
  db
    .select({ goldWeight: attempts.quotedGoldWeight, amount: attempts.quotedAmount })
    .from(attempts)
    .where(and(eq(attempts.orderId, baseOrders.id), sql`${attempts.outcome} in ('intent', 'in_doubt')`))
    .orderBy(desc(attempts.seq))
    .limit(1)
    .as('quote')

/**
 * The grams and rupiah of an order: of the executed transaction, else of its newest quote, else of the order itself. A
 * final order that was not executed moved nothing and has none.
 */
function termsOf(
  order: Record<'state' | 'goldWeight' | 'amount', SQLWrapper>,
  quote: Record<'goldWeight' | 'amount', SQLWrapper>,
) {
  const byState = (executed: SQLWrapper, otherwise: SQLWrapper) =>
    sql`case when ${order.state} = 'succeeded' then ${executed}
      when ${order.state} in ('rejected', 'expired', 'cancelled') then null ${otherwise} end`
  const isQuoted = sql`${quote.goldWeight} is not null`
  return {
    basis: byState(sql`'executed'`, sql`when ${isQuoted} then 'quoted' else 'asked'`) as SQL<
      ListedOrder['basis']
    >,
    grams: byState(
      order.goldWeight,
      sql`else coalesce(${quote.goldWeight}, (${baseOrders.content} ->> 'gold_weight')::numeric(14, 4))`,
    ),
    rupiah: byState(
      order.amount,
      sql`when ${isQuoted} then ${quote.amount} else (${baseOrders.content} ->> 'amount')::bigint`,
    ),
  }
}

const selectOrders = statement(
  'list_orders',
  { ...FILTER, limit: type.integer, skip: type.integer },
  (db, filter) => {
    const listed = db
      .select()
      .from(opsOrders)
      .where(isListed(filter))
      .orderBy(desc(opsOrders.acceptedAt), asc(opsOrders.orderId))
      .limit(sql.placeholder('limit'))
      .offset(sql.placeholder('skip'))
      .as('listed')
    const quote = newestQuote(db)
    const { basis, grams, rupiah } = termsOf(listed, quote)
    return db
      .select({ ...summaryOf(listed), basis, grams: asText(grams), rupiah: asText(rupiah) })
      .from(listed)
      .innerJoin(baseOrders, eq(baseOrders.id, listed.orderId))
      .leftJoinLateral(quote, sql`true`)
      .orderBy(desc(listed.acceptedAt), asc(listed.orderId))
  },
)

const selectListed = statement('read_listed_orders', { orderIds: list(orders.id) }, (db, { orderIds }) => {
  const listed = db.select().from(opsOrders).where(sql`${opsOrders.orderId} = any(${orderIds})`).as('listed')
  const quote = newestQuote(db)
  const { basis, grams, rupiah } = termsOf(listed, quote)
  return db
    .select({ ...summaryOf(listed), basis, grams: asText(grams), rupiah: asText(rupiah) })
    .from(listed)
    .innerJoin(baseOrders, eq(baseOrders.id, listed.orderId))
    .leftJoinLateral(quote, sql`true`)
})

/** These orders as a list shows them, in this order. */
export async function readListedOrders(
  runner: StatementRunner,
  orderIds: readonly string[],
): Promise<ListedOrder[]> {
  if (orderIds.length === 0) return []
  const rows: readonly ListedOrder[] = await selectListed(runner, { orderIds })
  const found = new Map(rows.map((order) => [order.orderId, order] as const))
  return orderIds.flatMap((orderId) => found.get(orderId) ?? [])
}

/** Lists orders as `ops.orders` shows them, with the grams and rupiah of each. */
export async function listOrders(database: Database, filter: OrderFilter): Promise<ListedOrder[]> {
  return await selectOrders(database, filter)
}

const selectSums = statement('sum_orders', FILTER, (db, filter) => {
  const quote = newestQuote(db)
  const { basis, grams, rupiah } = termsOf(opsOrders, quote)
  const listed = db
    .select({ basis: basis.as('basis'), grams: grams.as('grams'), rupiah: rupiah.as('rupiah') })
    .from(opsOrders)
    .innerJoin(baseOrders, eq(baseOrders.id, opsOrders.orderId))
    .leftJoinLateral(quote, sql`true`)
    .where(isListed(filter))
    .as('listed')
  const isUnknown = and(sql`${listed.basis} is not null`, sql`${listed.rupiah} is null`)
  return db
    .select({
      count: sql<number>`count(*)::int`,
      grams: sql<string>`coalesce(sum(${listed.grams}), 0)::numeric(30, 4)::text`,
      rupiah: sql<string>`coalesce(sum(${listed.rupiah}), 0)::text`,
      withoutRupiah: sql<number>`(count(*) filter (where ${isUnknown}))::int`,
    })
    .from(listed)
})

/** Sums all orders of a filter, also those beyond its limit. */
export async function sumOrders(database: Database, filter: OrderFilter): Promise<OrderSums> {
  const { state, kind, partner, phoneNumber } = filter
  const [sums] = await selectSums(database, { state, kind, partner, phoneNumber })
  if (sums === undefined) throw new Error('orders without a sum')
  return sums
}

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
export async function findOrderId(database: Database, given: string): Promise<string | null> {
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
  database: Database,
): Promise<{ kind: OrderKind; state: OrderState; count: number }[]> {
  return await selectCounts(database, {})
}
