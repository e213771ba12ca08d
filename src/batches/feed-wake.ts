import { and, eq, sql } from 'drizzle-orm'
import { orders } from '../orders/schema.ts'
import type { Session } from '../postgres/session.ts'
import { list, present, statement } from '../postgres/statement.ts'
import { batchRows } from './schema.ts'

const selectStored = statement('stored_batch_rows', {}, (db) =>
  db
    .select({ orderId: present(batchRows.orderId) })
    .from(batchRows)
    .where(sql`${batchRows.state} = 'stored'`)
    .limit(1_000),
)

// Skips a row that a feeder's turn has locked: waiting could deadlock. That row is woken and updated again.
const updateQueued = statement(
  'note_queued_batch_rows',
  { orderIds: list(orders.id) },
  (db, { orderIds }) => {
    const free = db.$with('free').as(
      db
        .select({ batchId: batchRows.batchId, rowNumber: batchRows.rowNumber })
        .from(batchRows)
        .where(and(sql`${batchRows.orderId} = any(${orderIds})`, sql`${batchRows.state} = 'stored'`))
        .for('update', { skipLocked: true }),
    )
    return db
      .with(free)
      .update(batchRows)
      .set({ state: 'queued' })
      .from(free)
      .where(and(eq(batchRows.batchId, free.batchId), eq(batchRows.rowNumber, free.rowNumber)))
  },
)

/**
 * Wakes the queue for orders that are stored, including those of a feeder that ended before it did so. Waking twice is
 * harmless, and the sweeper wakes an order that nobody woke.
 */
export async function wakeStored(
  session: Session,
  wake: (orderIds: readonly string[]) => Promise<void>,
): Promise<void> {
  const rows = await selectStored(session, {})
  if (rows.length === 0) return
  const orderIds = rows.map(({ orderId }) => orderId)
  await wake(orderIds)
  await updateQueued(session, { orderIds })
}
