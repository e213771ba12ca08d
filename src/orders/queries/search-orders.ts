import { and, desc, eq, gte, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { type Queries, statement, type } from '../../postgres/statement.ts'
import { isFinal } from '../lifecycle.ts'
import { orders } from '../schema.ts'
import {
  FOUND,
  hasAttemptOf,
  microsOf,
  narrowingOf,
  type OrderSearch,
  type SearchPlace,
} from './order-search.ts'
import { hasId, searchById } from './search-by-id.ts'

/**
 * A search over all orders, page by page. Each page reads a bounded number of rows by an index, however many orders there
 * are: a page may be short, and then says from where to search on.
 */

export interface FoundOrders {
  readonly orderIds: readonly string[]
  /** Where the next page begins; null when nothing follows. */
  readonly next: SearchPlace | null
  /** The page ended after the rows that one page may read: more may follow. */
  readonly isCut: boolean
}

/** Rows that one page reads at most. */
export const MOST_READ = 5_000

const NEWEST: SearchPlace = { at: 'infinity', orderId: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }

const SEARCH = { ...FOUND, most: type.integer }
type Built = { readonly [Key in keyof typeof SEARCH]: SQL }

/** The rows that a page reads, by an index that ends in the time of acceptance. */
const readRows = (db: Queries, values: Built, by: SQL | undefined) =>
  db
    .select({
      id: orders.id,
      state: orders.state,
      kind: orders.kind,
      partner: orders.partner,
      phoneNumber: orders.phoneNumber,
      asked: sql`${orders.content} ->> 'amount'`.as('asked'),
      at: sql<string>`${orders.acceptedAt}`.as('at'),
    })
    .from(orders)
    .where(
      and(
        by,
        sql`(${orders.acceptedAt}, ${orders.id}) < (${values.placeAt}, ${values.placeId})`,
        gte(orders.acceptedAt, values.from),
        lt(orders.acceptedAt, values.to),
      ),
    )
    .orderBy(desc(orders.acceptedAt), desc(orders.id))
    .limit(sql.placeholder('most'))
    .as('read')

function selectFound(db: Queries, values: Built, by: SQL | undefined) {
  const read = readRows(db, values, by)
  return db
    .select({ orderId: read.id, at: microsOf(read.at) })
    .from(read)
    .where(
      and(
        or(isNull(values.state), eq(read.state, values.state)),
        or(isNull(values.kind), eq(read.kind, values.kind)),
        or(isNull(values.partner), eq(read.partner, values.partner)),
        or(isNull(values.phoneNumber), eq(read.phoneNumber, values.phoneNumber)),
        or(
          isNull(values.amount),
          sql`${read.asked} = ${values.amount}::text`,
          hasAttemptOf(read.id, values.amount),
        ),
      ),
    )
    .limit(sql.placeholder('limit'))
}

/** The last row that a page reads: where the next one goes on when it found too little. */
function selectEnd(db: Queries, values: Built, by: SQL | undefined) {
  const read = readRows(db, values, by)
  return db
    .select({ orderId: read.id, at: microsOf(read.at) })
    .from(read)
    .offset(sql.placeholder('limit'))
}

/** One way to the rows, with its two statements. */
const way = (name: string, by: (values: Built) => SQL | undefined) => ({
  found: statement(`search_orders_${name}`, SEARCH, (db, values) => selectFound(db, values, by(values))),
  end: statement(`search_orders_${name}_end`, SEARCH, (db, values) => selectEnd(db, values, by(values))),
})

const WAYS = {
  all: way('all', () => undefined),
  open: way('open', () => sql`${orders.settledAt} is null`),
  partner: way('of_partner', ({ partner }) => eq(orders.partner, partner)),
  partnerOpen: way('of_partner_open', ({ partner }) =>
    and(eq(orders.partner, partner), sql`${orders.settledAt} is null`),
  ),
  wallet: way('of_wallet', ({ phoneNumber }) => eq(orders.phoneNumber, phoneNumber)),
}

function wayOf({ phoneNumber, state, partner }: OrderSearch) {
  if (phoneNumber !== null) return WAYS.wallet
  if (state !== null && !isFinal(state)) return partner === null ? WAYS.open : WAYS.partnerOpen
  return partner === null ? WAYS.all : WAYS.partner
}

/** A page of the search, the newest first. */
export async function searchOrders(
  runner: StatementRunner,
  search: OrderSearch,
  after: SearchPlace | null,
  limit: number,
): Promise<FoundOrders> {
  const place = after ?? NEWEST
  const values = { ...narrowingOf(search), placeAt: place.at, placeId: place.orderId }
  const rows = hasId(search)
    ? await searchById(runner, search, { ...values, limit: limit + 1 })
    : await wayOf(search).found(runner, { ...values, most: MOST_READ, limit: limit + 1 })
  const shown = rows.slice(0, limit)
  const orderIds = shown.map(({ orderId }) => orderId)
  if (rows.length > limit) return { orderIds, next: shown.at(-1) ?? null, isCut: false }
  if (hasId(search)) return { orderIds, next: null, isCut: false }
  const [last] = await wayOf(search).end(runner, { ...values, most: MOST_READ, limit: MOST_READ - 1 })
  return { orderIds, next: last ?? null, isCut: last !== undefined }
}
