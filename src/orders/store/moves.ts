import { and, eq, or, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { rows, statement, type } from '../../postgres/statement.ts'
import { TRANSITIONS } from '../lifecycle.ts'
import type { PlainMove } from '../ports.ts'
import { orders } from '../schema.ts'
import { isAmong, isDeadlineRunning } from './order-rows.ts'
import { wakeAfter } from './wake-at.ts'

/** Moves orders that have nothing in flight. An order expires only once its deadline has passed. */
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
  (db, { moves, from, to }, lists) =>
    db
      .update(orders)
      .set({
        state: to,
        reason: sql`${moves.reason}`,
        actor: sql`${moves.actor}`,
        detail: sql`${moves.detail}`,
        wakeAt: wakeAfter(),
      })
      .from(moves)
      .where(
        and(
          eq(orders.id, moves.orderId),
          isAmong(orders.id, lists.moves.orderId),
          eq(orders.state, from),
          or(
            sql`${to} <> 'expired'`,
            sql`(${orders.deadlineAt} <= clock_timestamp() and ${isDeadlineRunning})`,
          ),
        ),
      )
      .returning({ orderId: orders.id }),
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
