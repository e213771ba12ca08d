import { and, desc, eq, gte, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { GoldWeight, Rupiah } from '../../core/money.ts'
import type { Database } from '../../postgres/pool.ts'
import { list, nullable, type Queries, rows, type Scalar, statement, type } from '../../postgres/statement.ts'
import type { OrderKind } from '../command.ts'
import { isFinal, type OrderState } from '../lifecycle.ts'
import { attempts, orders } from '../schema.ts'
import type { OrderContent } from '../submission.ts'

/** An order as its partner may read it. Every query names the partner, so another's order is not found. */
export interface PartnerOrder {
  readonly orderId: string
  readonly reference: string
  readonly kind: OrderKind
  readonly phoneNumber: string
  readonly content: OrderContent
  readonly state: OrderState
  readonly reason: string
  readonly attempts: number
  readonly requestId: string | null
  readonly responseId: string | null
  readonly sessionId: string | null
  readonly goldWeight: GoldWeight | null
  readonly amount: Rupiah | null
  readonly fee: Rupiah | null
  readonly acceptedAt: Date
  readonly deadlineAt: Date
  readonly settledAt: Date | null
  /** The time of acceptance to the microsecond: a Date has milliseconds. */
  readonly acceptedMicros: string
}

const executed = alias(attempts, 'executed')
const walletOrders = alias(orders, 'wallet_orders')
const wasExecuted = and(eq(executed.orderId, orders.id), sql`${executed.outcome} = 'succeeded'`)

const PARTNER_ORDER = {
  orderId: orders.id,
  reference: orders.reference,
  kind: orders.kind,
  phoneNumber: orders.phoneNumber,
  content: orders.content,
  state: orders.state,
  reason: orders.reason,
  attempts: sql<number>`(select count(*)::int from ${attempts} where ${attempts.orderId} = ${orders.id})`,
  requestId: executed.requestId,
  responseId: executed.responseId,
  sessionId: executed.sessionId,
  goldWeight: executed.goldWeight,
  amount: executed.amount,
  fee: executed.fee,
  acceptedAt: orders.acceptedAt,
  deadlineAt: orders.deadlineAt,
  settledAt: orders.settledAt,
  acceptedMicros: sql<string>`to_char(${orders.acceptedAt} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
}

const selectByIds = statement(
  'find_own_orders',
  { wanted: rows({ position: type.integer, partner: orders.partner, id: orders.id }) },
  (db, { wanted }) =>
    db
      .select({ position: wanted.position, ...PARTNER_ORDER })
      .from(wanted)
      .innerJoin(orders, and(eq(orders.id, wanted.id), eq(orders.partner, wanted.partner)))
      .leftJoin(executed, wasExecuted),
)

/** Orders by id, each of its partner; null where that partner has none of this id. */
export async function findPartnerOrders(
  database: Database,
  owns: readonly { readonly partner: string; readonly orderId: string }[],
): Promise<(PartnerOrder | null)[]> {
  const wanted = owns.map(({ partner, orderId }, position) => ({ position, partner, id: orderId }))
  const found = await selectByIds(database, { wanted })
  const byPosition = new Map(found.map(({ position, ...order }) => [position, order]))
  return owns.map((_own, position) => byPosition.get(position) ?? null)
}

/** A place in a list: the order that was last on the page before. */
export interface Place {
  readonly acceptedMicros: string
  readonly orderId: string
}

export interface PartnerOrderFilter {
  readonly partner: string
  readonly reference: string | null
  readonly state: OrderState | null
  /** In its stored form. */
  readonly phoneNumber: string | null
  readonly kind: OrderKind | null
  readonly since: Date | null
  /** Before this time. */
  readonly until: Date | null
  readonly after: Place | null
  readonly limit: number
}

/** Before the newest order. */
const NEWEST: Place = { acceptedMicros: 'infinity', orderId: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }

/** A time that a Date cannot have: with microseconds, or infinite. */
const timeText: Scalar<string> = { sqlType: 'timestamptz' }

const PAGE = {
  partner: orders.partner,
  acceptedMicros: timeText,
  orderId: orders.id,
  since: timeText,
  until: timeText,
  kind: nullable(orders.kind),
  limit: type.integer,
}

/** A page of a partner's orders after a place. All bounds are always set, so that the one cached plan seeks in the index. */
const selectPage = (
  db: Queries,
  { partner, acceptedMicros, orderId, since, until, kind }: Record<keyof typeof PAGE, SQL>,
  narrowed: SQL | undefined,
) =>
  db
    .select(PARTNER_ORDER)
    .from(orders)
    .leftJoin(executed, wasExecuted)
    .where(
      and(
        eq(orders.partner, partner),
        sql`(${orders.acceptedAt}, ${orders.id}) < (${acceptedMicros}, ${orderId})`,
        gte(orders.acceptedAt, since),
        lt(orders.acceptedAt, until),
        or(isNull(kind), eq(orders.kind, kind)),
        narrowed,
      ),
    )
    .orderBy(desc(orders.acceptedAt), desc(orders.id))
    .limit(sql.placeholder('limit'))

const hasState = (state: SQL) => or(isNull(state), eq(orders.state, state))

const selectAll = statement('list_own_orders', { ...PAGE, state: nullable(orders.state) }, (db, page) =>
  selectPage(db, page, hasState(page.state)),
)
// Polling for orders in doubt finds few beside all the others: orders that have not ended have an index of their own.
const selectOpen = statement('list_own_open_orders', { ...PAGE, state: orders.state }, (db, page) =>
  selectPage(db, page, and(eq(orders.state, page.state), isNull(orders.settledAt))),
)
const selectByReference = statement(
  'list_own_orders_by_reference',
  { ...PAGE, state: nullable(orders.state), reference: orders.reference },
  (db, page) => selectPage(db, page, and(hasState(page.state), eq(orders.reference, page.reference))),
)

// The ids of a wallet's orders come from its own index, and narrow the scan of the partner's within that index.
const selectByWallet = statement(
  'list_own_orders_by_wallet',
  { ...PAGE, state: nullable(orders.state), phoneNumber: orders.phoneNumber },
  (db, page) => {
    const ofWallet = db
      .select({ id: walletOrders.id })
      .from(walletOrders)
      .where(eq(walletOrders.phoneNumber, page.phoneNumber))
    return selectPage(db, page, and(hasState(page.state), sql`${orders.id} = any(array(${ofWallet}))`))
  },
)

/** A page of this partner's orders, the newest first. */
export async function listPartnerOrders(
  database: Database,
  filter: PartnerOrderFilter,
): Promise<PartnerOrder[]> {
  const { partner, reference, phoneNumber, kind, state, since, until, after, limit } = filter
  const times = { since: sinceText(since), until: untilText(until) }
  const page = { partner, ...(after ?? NEWEST), ...times, kind, limit }
  if (reference !== null) return await selectByReference(database, { ...page, state, reference })
  if (phoneNumber !== null) return await selectByWallet(database, { ...page, state, phoneNumber })
  if (state === null || isFinal(state)) return await selectAll(database, { ...page, state })
  return await selectOpen(database, { ...page, state })
}

/** Postgres reads no ISO time of a year before 1 or after 9999: no order is older than the first or newer than the last. */
function sinceText(since: Date | null): string {
  if (since === null || since.getUTCFullYear() < 1) return '-infinity'
  return since.getUTCFullYear() > 9_999 ? 'infinity' : since.toISOString()
}

const untilText = (until: Date | null) => (until === null ? 'infinity' : sinceText(until))

const selectEnded = statement('find_ended_orders', { orderIds: list(orders.id) }, (db, { orderIds }) =>
  db
    .select({ orderId: orders.id })
    .from(orders)
    .where(
      and(
        sql`${orders.id} = any(${orderIds})`,
        sql`${orders.state} in ('succeeded', 'rejected', 'expired', 'cancelled', 'in_doubt')`,
      ),
    ),
)

/** Those of these orders that ended or are in doubt. */
export async function findEnded(database: Database, orderIds: readonly string[]): Promise<string[]> {
  const ended = await selectEnded(database, { orderIds })
  return ended.map(({ orderId }) => orderId)
}
