import { and, asc, eq, isNotNull, lte, type SQL, sql } from 'drizzle-orm'
import { orders } from '../orders/schema.ts'
import { isAmong } from '../orders/store/order-rows.ts'
import { limitOf, list, type Queries, rowFor, statement, type } from '../postgres/statement.ts'
import { switchClosings, switchWaits } from './schema.ts'

/**
 * An order that waits is looked at again after this time also when nothing wakes it: the end of its wait is what wakes
 * it, and no other part of the program must be trusted for it.
 */
const LOOK_AGAIN = sql`interval '1 hour'`

/** Accepted orders that a switch holds. One whose deadline has passed waits if the deadline stands still. */
function heldOrders(db: Queries, isAsked: SQL | undefined) {
  const { id, kind, partner, state, deadlineAt } = orders
  return db
    .select({
      orderId: sql<string>`${id}`.as('held_order_id'),
      closingId: sql<number>`${switchClosings.id}`.as('held_closing_id'),
      extendsDeadlines: switchClosings.extendsDeadlines,
      scope: switchClosings.scope,
    })
    .from(orders)
    .innerJoin(
      switchClosings,
      and(
        sql`${switchClosings.scope} = holding_switch((select closed_switches()), ${id}, ${kind}, ${partner})`,
        sql`${switchClosings.openedAt} is null`,
      ),
    )
    .where(
      and(
        isAsked,
        eq(state, 'accepted'),
        sql`(${deadlineAt} > clock_timestamp() or ${switchClosings.extendsDeadlines})`,
      ),
    )
}

/** Locks all of the orders, or the first of them that nobody else has locked. */
function lockHeld(db: Queries, held: ReturnType<typeof heldOrders>, limit: SQL | undefined) {
  const locked =
    limit === undefined
      ? held.orderBy(asc(orders.id)).for('update', { of: orders })
      : held.orderBy(asc(orders.wakeAt)).limit(limitOf(limit)).for('update', { of: orders, skipLocked: true })
  return db.$with('held').as(locked)
}

/** Lets accepted orders wait for the switch that holds them. */
function letWait(db: Queries, isAsked: SQL | undefined, limit?: SQL) {
  const picked = lockHeld(db, heldOrders(db, isAsked), limit)
  const { orderId, closingId, extendsDeadlines, scope } = picked
  const wait = rowFor(switchWaits, { orderId, closingId, since: sql`now()` })
  const waits = db
    .$with('waits')
    .as(
      db
        .insert(switchWaits)
        .select(sql`select ${wait} from ${picked}`)
        .onConflictDoNothing()
        .returning({ orderId: switchWaits.orderId }),
    )
  return db
    .with(picked, waits)
    .update(orders)
    .set({
      wakeAt: sql`least(case when ${extendsDeadlines} then 'infinity' else ${orders.deadlineAt} end, now() + ${LOOK_AGAIN})`,
    })
    .from(picked)
    .where(eq(orders.id, orderId))
    .returning({ orderId: orders.id, scope })
}

/** Lets these orders wait. Returned are those that a switch holds now, with its scope. */
export const waitForSwitches = statement(
  'wait_for_switches',
  { orderIds: list(orders.id) },
  (db, { orderIds }) => letWait(db, isAmong(orders.id, orderIds)),
)

/** Lets those orders wait that the sweeper would wake or expire next. */
export const letDueWait = statement('let_due_wait', { limit: type.integer }, (db, { limit }) =>
  letWait(db, lte(orders.wakeAt, sql`now()`), limit),
)

/** Ends waits whose switch was opened: deadlines get their time, and the orders are the caller's to wake. */
export const endWaits = statement(
  'end_switch_waits',
  { limit: type.integer, againMs: type.float },
  (db, { limit, againMs }) => {
    const { orderId, closingId } = switchWaits
    const over = db.$with('over').as(
      db
        .select({
          orderId: sql`${orderId}`.as('over_order_id'),
          closingId: sql`${closingId}`.as('over_closing_id'),
        })
        .from(switchWaits)
        .innerJoin(switchClosings, eq(switchClosings.id, closingId))
        .where(and(sql`${switchWaits.endedAt} is null`, isNotNull(switchClosings.openedAt)))
        .limit(limitOf(limit))
        .for('update', { of: switchWaits, skipLocked: true }),
    )
    const ended = db.$with('ended').as(
      db
        .update(switchWaits)
        .set({ endedAt: sql`now()` })
        .from(over)
        .where(and(eq(orderId, over.orderId), eq(closingId, over.closingId)))
        .returning({
          orderId: sql`${orderId}`.as('ended_order_id'),
          deadlineAfter: switchWaits.deadlineAfter,
        }),
    )
    return db
      .with(over, ended)
      .update(orders)
      .set({
        deadlineAt: sql`${ended.deadlineAfter}`,
        wakeAt: sql`least(${ended.deadlineAfter}, now() + ${againMs} * interval '1 millisecond')`,
      })
      .from(ended)
      .where(and(eq(orders.id, ended.orderId), eq(orders.state, 'accepted')))
      .returning({ orderId: orders.id })
  },
)
