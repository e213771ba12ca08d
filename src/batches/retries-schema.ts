import { sql } from 'drizzle-orm'
import { check, foreignKey, index, integer, pgTable, primaryKey, unique, uuid } from 'drizzle-orm/pg-core'
import { orders } from '../orders/schema.ts'
import { batches, batchRows } from './schema.ts'

/**
 * Which row of a batch retries which order. All retries of one instruction have the same root: the first order, which is
 * no retry itself. Triggers of the hand-written migration refuse a retry while anything of its root may execute or did.
 */
export const batchRetries = pgTable(
  'batch_retries',
  {
    batchId: integer('batch_id').notNull(),
    rowNumber: integer('row_number').notNull(),
    /** The row that is retried, in the batch that `batches.retry_of` names. */
    retriedBatchId: integer('retried_batch_id').notNull(),
    retriedRowNumber: integer('retried_row_number').notNull(),
    /** The order of the retried row, which ended without an execution. */
    retriedOrderId: uuid('retried_order_id').notNull(),
    rootOrderId: uuid('root_order_id').notNull(),
    /** 1 for the first retry of the root, and so on without gaps: of two retries at once only one is stored. */
    retryNumber: integer('retry_number').notNull(),
  },
  (retry) => [
    primaryKey({ columns: [retry.batchId, retry.rowNumber] }),
    unique('batch_retries_number').on(retry.rootOrderId, retry.retryNumber),
    index('batch_retries_retried_row').on(retry.retriedBatchId, retry.retriedRowNumber),
    foreignKey({
      columns: [retry.batchId, retry.rowNumber],
      foreignColumns: [batchRows.batchId, batchRows.rowNumber],
      name: 'batch_retries_row_fk',
    }),
    foreignKey({
      columns: [retry.retriedBatchId, retry.retriedRowNumber],
      foreignColumns: [batchRows.batchId, batchRows.rowNumber],
      name: 'batch_retries_retried_row_fk',
    }),
    foreignKey({ columns: [retry.batchId], foreignColumns: [batches.id], name: 'batch_retries_batch_id_fk' }),
    foreignKey({ columns: [retry.rootOrderId], foreignColumns: [orders.id], name: 'batch_retries_root_fk' }),
    check('batch_retries_order', sql`batch_id > retried_batch_id and retry_number > 0`),
  ],
)
