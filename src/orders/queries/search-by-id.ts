import { and, desc, eq, gte, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { StatementRunner } from '../../postgres/pool.ts'
import { list, statement, type } from '../../postgres/statement.ts'
import type { ValuesOf } from '../../postgres/statement-values.ts'
import { attempts, orders } from '../schema.ts'
import { FOUND, hasAttemptOf, microsOf, type OrderSearch } from './order-search.ts'

/** Whether a search names orders by an id. */
export const hasId = ({ reference, sessionId, requestId, responseId }: OrderSearch) =>
  [reference, sessionId, requestId, responseId].some((id) => id !== null)

// The partners are found by hopping through the index: an order of a reference is then one look-up for each.
const selectByReference = statement(
  'search_orders_by_reference',
  { reference: orders.reference },
  (db, { reference }) =>
    db
      .select({ orderId: orders.id })
      .from(sql`(
        with recursive hops(name) as (
          (select ${orders.partner} from ${orders} order by ${orders.partner} limit 1)
          union all
          select (select o.partner from ${orders} o where o.partner > hops.name order by o.partner limit 1)
          from hops where hops.name is not null
        ) select name from hops where name is not null) as known`)
      .innerJoin(orders, and(sql`${orders.partner} = known.name`, eq(orders.reference, reference))),
)

const byAttempt = (name: string, column: PgColumn, when: SQL) =>
  statement(`search_orders_by_${name}`, { id: type.text, limit: type.integer }, (db, { id }) =>
    db
      .selectDistinct({ orderId: attempts.orderId })
      .from(attempts)
      .where(and(eq(column, id), when))
      .limit(sql.placeholder('limit')),
  )
// The conditions repeat those of the partial indexes.
const selectBySession = byAttempt('session', attempts.sessionId, sql`${attempts.sessionId} is not null`)
const selectByResponse = byAttempt('response', attempts.responseId, sql`${attempts.responseId} is not null`)
const selectByRequest = byAttempt('request', attempts.quoteId, sql`true`)

const MOST_OF_ONE_ID = 200

/** Ids lead to few orders, which the rest of the search narrows: a page of them. */
export async function searchById(
  runner: StatementRunner,
  search: OrderSearch,
  page: ValuesOf<typeof FOUND>,
): Promise<{ orderId: string; at: string }[]> {
  const { reference, sessionId, requestId, responseId } = search
  const most = MOST_OF_ONE_ID
  const lists = await Promise.all([
    reference === null ? null : selectByReference(runner, { reference }),
    sessionId === null ? null : selectBySession(runner, { id: sessionId, limit: most }),
    requestId === null ? null : selectByRequest(runner, { id: requestId, limit: most }),
    responseId === null ? null : selectByResponse(runner, { id: responseId, limit: most }),
  ])
  const [first = [], ...others] = lists
    .filter((rows) => rows !== null)
    .map((rows) => rows.map(({ orderId }) => orderId))
  const inAll = first.filter((id) => others.every((ids) => ids.includes(id)))
  return await narrow(runner, { ...page, orderIds: inAll })
}

const narrow = statement('narrow_found_orders', { ...FOUND, orderIds: list(orders.id) }, (db, values) =>
  db
    .select({ orderId: orders.id, at: microsOf(orders.acceptedAt) })
    .from(orders)
    .where(
      and(
        sql`${orders.id} = any(${values.orderIds})`,
        or(isNull(values.state), eq(orders.state, values.state)),
        or(isNull(values.kind), eq(orders.kind, values.kind)),
        or(isNull(values.partner), eq(orders.partner, values.partner)),
        or(isNull(values.phoneNumber), eq(orders.phoneNumber, values.phoneNumber)),
        or(
          isNull(values.amount),
          sql`${orders.content} ->> 'amount' = ${values.amount}::text`,
          hasAttemptOf(orders.id, values.amount),
        ),
        sql`(${orders.acceptedAt}, ${orders.id}) < (${values.placeAt}, ${values.placeId})`,
        gte(orders.acceptedAt, values.from),
        lt(orders.acceptedAt, values.to),
      ),
    )
    .orderBy(desc(orders.acceptedAt), desc(orders.id))
    .limit(sql.placeholder('limit')),
)
