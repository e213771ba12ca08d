import { and, asc, eq } from 'drizzle-orm'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import { batchRetries } from './retries-schema.ts'
import { batches, batchRows } from './schema.ts'

const selectRetriesOf = statement('list_retries_of_batch', { batchId: batches.id }, (db, { batchId }) =>
  db
    .select({ batchId: batches.id, state: batches.state, rows: batches.rowCount })
    .from(batches)
    .where(eq(batches.retryOf, batchId))
    .orderBy(asc(batches.id)),
)

/** The batches that retry rows of this one, the oldest first. */
export async function listRetriesOf(runner: StatementRunner, batchId: number) {
  return await selectRetriesOf(runner, { batchId })
}

const selectRetriesOfOrder = statement(
  'list_retries_of_order',
  { orderId: batchRows.orderId },
  (db, { orderId }) =>
    db
      .select({ batchId: batchRetries.batchId, rowNumber: batchRetries.rowNumber })
      .from(batchRows)
      .innerJoin(
        batchRetries,
        and(
          eq(batchRetries.retriedBatchId, batchRows.batchId),
          eq(batchRetries.retriedRowNumber, batchRows.rowNumber),
        ),
      )
      .where(eq(batchRows.orderId, orderId))
      .orderBy(asc(batchRetries.batchId)),
)

/** The rows that retry an order, the oldest first. */
export async function listRetriesOfOrder(runner: StatementRunner, orderId: string) {
  return await selectRetriesOfOrder(runner, { orderId })
}
