import { and, asc, eq, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { list, statement, type } from '../../postgres/statement.ts'
import type { WaitingOrder } from '../ports.ts'
import { orders } from '../schema.ts'
import { isAmong } from './order-rows.ts'
import { wakeAfter } from './wake-at.ts'

/**
 * Lets orders sleep until their deadline, whose front is sure to wake them. Takes no lock that somebody holds: what is
 * missing from the result must look again. Should it have slept already, it sleeps no more: the front may have ended while
 * this statement held the order, and then nobody else wakes it.
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
          front: sql<
            string | null
          >`lane_front_kept(${asked.orderId}, ${asked.phoneNumber}, ${asked.kind}, ${asked.acceptedAt}, ${debitsWait})`.as(
            'front',
          ),
        })
        .from(asked),
    )
    return db
      .with(asked, waiting)
      .update(orders)
      .set({
        wakeAt: sql`case when ${waiting.front} is null then ${wakeAfter()} else ${orders.deadlineAt} end`,
      })
      .from(waiting)
      .where(
        and(
          eq(id, waiting.orderId),
          isAmong(id, orderIds),
          sql`(${waiting.front} is not null or ${orders.wakeAt} = ${orders.deadlineAt})`,
        ),
      )
      .returning({ orderId: id, waitsFor: waiting.front })
  },
)

/** See `OrderStore.waitForTurn`. */
export async function waitForTurn(
  runner: StatementRunner,
  orderIds: readonly string[],
  debitsWait: boolean,
): Promise<WaitingOrder[]> {
  const looked = await sleepInLane(runner, { orderIds, debitsWait })
  return looked.flatMap(({ orderId, waitsFor }) => (waitsFor === null ? [] : [{ orderId, waitsFor }]))
}
