import { and, asc, eq, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { list, statement, type } from '../../postgres/statement.ts'
import type { WaitingOrder } from '../ports.ts'
import { orders } from '../schema.ts'
import { isAmong } from './order-rows.ts'

/**
 * Lets orders sleep until their deadline, whose front is sure to wake them. Takes no lock that somebody holds: what is
 * missing from the result must look again.
 */
const sleepInLane = statement(
  'wait_for_turn',
  { orderIds: list(orders.id), debitsWait: type.boolean },
  (db, { orderIds, debitsWait }) => {
    const { id, phoneNumber, kind, acceptedAt } = orders
    const asked = db.$with('asked').as(
      db
        .select({ orderId: sql`${id}`.as('asked_order_id'), phoneNumber, kind, acceptedAt })
        .from(orders)
        .where(and(isAmong(id, orderIds), eq(orders.state, 'accepted')))
        .orderBy(asc(id))
        .for('no key update', { skipLocked: true }),
    )
    const waiting = db.$with('waiting').as(
      db
        .select({
          orderId: asked.orderId,
          front:
            sql<string>`lane_front_kept(${asked.orderId}, ${asked.phoneNumber}, ${asked.kind}, ${asked.acceptedAt}, ${debitsWait})`.as(
              'front',
            ),
        })
        .from(asked),
    )
    return db
      .with(asked, waiting)
      .update(orders)
      .set({ wakeAt: sql`${orders.deadlineAt}` })
      .from(waiting)
      .where(and(eq(id, waiting.orderId), isAmong(id, orderIds), sql`${waiting.front} is not null`))
      .returning({ orderId: id, waitsFor: waiting.front })
  },
)

/** See `OrderStore.waitForTurn`. */
export function waitForTurn(
  runner: StatementRunner,
  orderIds: readonly string[],
  debitsWait: boolean,
): Promise<WaitingOrder[]> {
  return sleepInLane(runner, { orderIds, debitsWait })
}
