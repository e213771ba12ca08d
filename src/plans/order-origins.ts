import { and, asc, eq, sql } from 'drizzle-orm'
import { batchRetries } from '../batches/retries-schema.ts'
import { listRetriesOfOrder } from '../batches/retry-links.ts'
import { batchRows } from '../batches/schema.ts'
import type { OrderOrigins } from '../orders/queries/order-story.ts'
import type { Database } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import { planRuns, plans } from './schema.ts'

const selectPlanRun = statement('read_plan_run_of_order', { orderId: planRuns.orderId }, (db, { orderId }) =>
  db
    .select({ planId: planRuns.planId, name: plans.name, dueAt: sql<string>`to_json(${planRuns.dueAt})` })
    .from(planRuns)
    .innerJoin(plans, eq(plans.id, planRuns.planId))
    .where(eq(planRuns.orderId, orderId)),
)

const selectBatchRows = statement(
  'read_batch_rows_of_order',
  { orderId: batchRows.orderId },
  (db, { orderId }) =>
    db
      .select({
        batchId: batchRows.batchId,
        rowNumber: batchRows.rowNumber,
        plan: plans.name,
        dueAt: planRuns.dueAt,
        retriedBatchId: batchRetries.retriedBatchId,
        retriedRowNumber: batchRetries.retriedRowNumber,
      })
      .from(batchRows)
      .leftJoin(
        batchRetries,
        and(eq(batchRetries.batchId, batchRows.batchId), eq(batchRetries.rowNumber, batchRows.rowNumber)),
      )
      .leftJoin(planRuns, eq(planRuns.batchId, batchRows.batchId))
      .leftJoin(plans, eq(plans.id, planRuns.planId))
      .where(eq(batchRows.orderId, orderId))
      .orderBy(asc(batchRows.batchId), asc(batchRows.rowNumber)),
)

/** Reads where an order comes from: a plan's due time, rows of batches, or neither. */
export async function readOrderOrigins(database: Database, orderId: string): Promise<OrderOrigins> {
  const [planRun] = await selectPlanRun(database, { orderId })
  return {
    planRun: planRun ?? null,
    batchRows: await selectBatchRows(database, { orderId }),
    retries: await listRetriesOfOrder(database, orderId),
  }
}
