import { and, asc, desc, eq, sql } from 'drizzle-orm'
import type { OrderHold } from '../orders/queries/order-story.ts'
import { attempts, orders } from '../orders/schema.ts'
import type { Database } from '../postgres/pool.ts'
import { limitOf, statement, type } from '../postgres/statement.ts'
import { switchClosings, switchWaits } from './schema.ts'

const isClosed = sql`${switchClosings.openedAt} is null`

const COLUMNS = {
  closingId: switchClosings.id,
  scope: switchClosings.scope,
  reason: switchClosings.reason,
  closedBy: switchClosings.closedBy,
  closedAt: switchClosings.closedAt,
  extendsDeadlines: switchClosings.extendsDeadlines,
  openedAt: switchClosings.openedAt,
  openedBy: switchClosings.openedBy,
  requestId: switchClosings.requestId,
} as const

/** The closed switches, the oldest first. */
export const listClosed = statement('list_closed_switches', {}, (db) =>
  db
    .select({
      ...COLUMNS,
      waiting: sql<number>`(select count(*)::int from ${switchWaits}
        where ${switchWaits.closingId} = ${switchClosings.id} and ${switchWaits.endedAt} is null)`,
    })
    .from(switchClosings)
    .where(isClosed)
    .orderBy(asc(switchClosings.id)),
)
export type ClosedSwitch = Awaited<ReturnType<typeof listClosed>>[number]

/** Closings, closed and opened, the newest first. */
export const listClosings = statement('list_switch_closings', { limit: type.integer }, (db, { limit }) =>
  db.select(COLUMNS).from(switchClosings).orderBy(desc(switchClosings.id)).limit(limitOf(limit)),
)
export type Closing = Awaited<ReturnType<typeof listClosings>>[number]

/** The closing of a scope that is closed now. */
export const findClosed = statement('find_closed_switch', { scope: switchClosings.scope }, (db, { scope }) =>
  db
    .select(COLUMNS)
    .from(switchClosings)
    .where(and(eq(switchClosings.scope, scope), isClosed)),
)

/** One closing by its number. */
export const findClosing = statement(
  'find_switch_closing',
  { closingId: switchClosings.id },
  (db, { closingId }) => db.select(COLUMNS).from(switchClosings).where(eq(switchClosings.id, closingId)),
)

/** Whether a scope names something that exists. */
export const findKnownScope = statement(
  'find_known_scope',
  { scope: switchClosings.scope },
  (db, { scope }) => db.select({ isKnown: sql<boolean>`is_known_scope(${scope})` }).from(sql`(select 1) one`),
)

/** Whether any switch is closed; a restored database counts as closed. */
export const readAnyClosed = statement('read_any_closed_switch', {}, (db) =>
  db.select({ isAnyClosed: sql<boolean>`closed_switches() is not null` }).from(sql`(select 1) one`),
)

const countClosed = statement('count_closed_switches', {}, (db) =>
  db.select({ closed: sql<number>`count(*)::int` }).from(switchClosings).where(isClosed),
)

/** The confirms within a scope that are out: their orders are `confirming`. */
export const countConfirmsOut = statement(
  'count_confirms_out',
  { scope: switchClosings.scope },
  (db, { scope }) =>
    db
      .select({
        confirms: sql<number>`count(*)::int`,
        rupiah: sql<string>`coalesce(sum(${attempts.quotedAmount}), 0)::text`,
      })
      .from(attempts)
      .innerJoin(orders, eq(orders.id, attempts.orderId))
      .where(
        and(
          sql`${attempts.outcome} = 'intent'`,
          sql`holding_switch(array[${scope}], ${orders.id}, ${orders.kind}, ${orders.partner}) is not null`,
        ),
      ),
)

const findHoldOf = statement('find_switch_of_order', { orderId: orders.id }, (db, { orderId }) =>
  db
    .select(COLUMNS)
    .from(orders)
    .innerJoin(
      switchClosings,
      and(
        isClosed,
        sql`${switchClosings.scope} = holding_switch(
          (select array_agg(c.scope) from ${switchClosings} c where c.opened_at is null), ${orders.id}, ${orders.kind}, ${orders.partner})`,
      ),
    )
    .where(and(eq(orders.id, orderId), eq(orders.state, 'accepted'))),
)

/** The closed switch that holds an accepted order; null when none does. */
export async function readOrderHold(database: Database, orderId: string): Promise<OrderHold | null> {
  const [hold] = await findHoldOf(database, { orderId })
  if (hold === undefined) return null
  const { scope, reason, closedBy, closedAt, extendsDeadlines } = hold
  return { scope, reason, closedBy, closedAt, extendsDeadlines }
}

/** How many switches are closed. */
export async function readClosedCount(database: Database): Promise<number> {
  const [row] = await countClosed(database, {})
  return row?.closed ?? 0
}
