import { and, asc, desc, eq, gte, isNull, lt, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { Database, StatementRunner } from '../../postgres/pool.ts'
import { list, nullable, type Queries, statement, type } from '../../postgres/statement.ts'
import { attempts, orders } from '../schema.ts'
import { asText, baseOrders, type OrderSummary, opsOrders, summaryOf } from './ops-orders.ts'
import { hasAttemptOf, NARROWING, narrowingOf, type OrderSearch } from './order-search.ts'
import { hasId } from './search-by-id.ts'
import { searchOrders } from './search-orders.ts'

/** A page of the orders of a search, the newest first. */
export interface OrderFilter extends OrderSearch {
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

/** What narrows a list. Ids lead to few orders, which are found first: their list as an array of Postgres. */
const FILTER = { ...NARROWING, found: nullable(type.text) }

const askedAmount = sql`(select ${baseOrders.content} ->> 'amount' from ${orders} as ${sql.identifier('base_orders')}
  where ${baseOrders.id} = ${opsOrders.orderId})`

/** Lists and sums select the same orders. */
const isListed = (values: Record<keyof typeof FILTER, SQL>) =>
  and(
    sql`(${values.found} is null or ${opsOrders.orderId} = any(${values.found}::uuid[]))`,
    or(isNull(values.state), eq(opsOrders.state, values.state)),
    or(isNull(values.kind), eq(opsOrders.kind, values.kind)),
    or(isNull(values.partner), eq(opsOrders.partner, values.partner)),
    or(isNull(values.phoneNumber), eq(opsOrders.phoneNumber, values.phoneNumber)),
    or(
      isNull(values.amount),
      sql`${askedAmount} = ${values.amount}::text`,
      hasAttemptOf(opsOrders.orderId, values.amount),
    ),
    gte(opsOrders.acceptedAt, values.from),
    lt(opsOrders.acceptedAt, values.to),
  )

/** The most orders that one id can lead to, and more. */
const MOST_FOUND = 10_000

async function filterValues(runner: StatementRunner, search: OrderSearch) {
  const narrowing = narrowingOf(search)
  if (!hasId(search)) return { ...narrowing, found: null }
  const { orderIds } = await searchOrders(runner, search, null, MOST_FOUND)
  return { ...narrowing, found: `{${orderIds.join(',')}}` }
}

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
  const { limit, skip } = filter
  return await selectOrders(database, { ...(await filterValues(database, filter)), limit, skip })
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
export async function sumOrders(database: Database, filter: OrderSearch): Promise<OrderSums> {
  const [sums] = await selectSums(database, await filterValues(database, filter))
  if (sums === undefined) throw new Error('orders without a sum')
  return sums
}
