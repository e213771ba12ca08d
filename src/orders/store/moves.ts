import { and, asc, eq, or, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { rows, statement, type } from '../../postgres/statement.ts'
import { TRANSITIONS } from '../lifecycle.ts'
import type { PlainMove } from '../ports.ts'
import { orders } from '../schema.ts'
import { isAmong, isDeadlineRunning } from './order-rows.ts'
import { wakeAfter } from './wake-at.ts'

/**
 * Moves orders that have nothing in flight. An order expires only once its deadline has passed. In a restored database none
 * ends: it may have been executed since the backup. They are locked as for a delete (FOR UPDATE), which those who wait for
 * them in their wallets exclude: see `lane_front_kept`.
 */
const movePlainly = statement(
  'move_orders',
  {
    moves: rows({
      orderId: orders.id,
      reason: orders.reason,
      actor: orders.actor,
      detail: orders.detail,
    }),
    from: orders.state,
    to: orders.state,
  },
  (db, { moves, from, to }, lists) => {
    const locked = db.$with('locked').as(
      db
        .select({ orderId: sql`${orders.id}`.as('locked_order_id') })
        .from(orders)
        .where(and(isAmong(orders.id, lists.moves.orderId), eq(orders.state, from)))
        .orderBy(asc(orders.id))
        .for('update'),
    )
    return db
      .with(locked)
      .update(orders)
      .set({
        state: to,
        reason: sql`${moves.reason}`,
        actor: sql`${moves.actor}`,
        detail: sql`${moves.detail}`,
        wakeAt: wakeAfter(),
      })
      .from(moves)
      .innerJoin(locked, eq(locked.orderId, moves.orderId))
      .where(
        and(
          eq(orders.id, moves.orderId),
          isAmong(orders.id, lists.moves.orderId),
          eq(orders.state, from),
          or(
            sql`${to} not in ('expired', 'cancelled', 'rejected')`,
            sql`not (select is_database_restored())`,
          ),
          or(
            sql`${to} <> 'expired'`,
            sql`(${orders.deadlineAt} <= clock_timestamp() and ${isDeadlineRunning})`,
          ),
        ),
      )
      .returning({ orderId: orders.id })
  },
)

/** Leaves accepted orders for later. */
const deferOrders = statement(
  'postpone_orders',
  { deferrals: rows({ orderId: orders.id, delayMs: type.float, trouble: orders.trouble }) },
  (db, { deferrals }, lists) =>
    db
      .update(orders)
      .set({
        wakeAt: wakeAfter(sql`${deferrals.delayMs} * interval '1 millisecond'`),
        postponements: sql`${orders.postponements} + 1`,
        trouble: sql`${deferrals.trouble}`,
      })
      .from(deferrals)
      .where(
        and(
          eq(orders.id, deferrals.orderId),
          isAmong(orders.id, lists.deferrals.orderId),
          eq(orders.state, 'accepted'),
        ),
      )
      .returning({ orderId: orders.id }),
)

/** See `OrderStore.move`. */
export async function moveOrders<M extends 'refuse' | 'expire' | 'cancel' | 'hold' | 'release'>(
  runner: StatementRunner,
  move: M,
  moves: readonly PlainMove<M>[],
): Promise<string[]> {
  const moved = await movePlainly(runner, { moves, ...TRANSITIONS[move] })
  return moved.map(({ orderId }) => orderId)
}

const LONGEST_TROUBLE = 200

/** See `OrderStore.postpone`. */
export async function postponeOrders(
  runner: StatementRunner,
  deferrals: readonly { orderId: string; delayMs: number; trouble: string }[],
): Promise<string[]> {
  const cut = deferrals.map((each) => ({ ...each, trouble: each.trouble.slice(0, LONGEST_TROUBLE) }))
  const deferred = await deferOrders(runner, { deferrals: cut })
  return deferred.map(({ orderId }) => orderId)
}
