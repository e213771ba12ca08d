import { integer, pgSchema, text } from 'drizzle-orm/pg-core'
import { at } from '../postgres/columns.ts'
import { BATCH_STATES } from './lifecycle.ts'

/** The view `ops.batches`. A draft is visible only to the transaction that creates it, so sealed columns are not null. */
export const opsBatches = pgSchema('ops')
  .view('batches', {
    batchId: integer('batch_id').notNull(),
    fileName: text('file_name').notNull(),
    contentHash: text('content_hash').notNull(),
    state: text('state', { enum: BATCH_STATES }).notNull(),
    reason: text('reason').notNull(),
    rows: integer('rows').notNull(),
    fed: integer('fed').notNull(),
    ended: integer('ended').notNull(),
    failed: integer('failed').notNull(),
    createdAt: at('created_at').notNull(),
    createdBy: text('created_by').notNull(),
    approvedAt: at('approved_at'),
    approvedBy: text('approved_by'),
    runAt: at('run_at'),
    ratePerSecond: integer('rate_per_second'),
    stopAfterFailures: integer('stop_after_failures'),
    startedAt: at('started_at'),
    endedAt: at('ended_at'),
    copiedFrom: integer('copied_from'),
    planId: integer('plan_id'),
    plan: text('plan'),
    dueAt: at('due_at'),
    owner: text('owner'),
    retryOf: integer('retry_of'),
  })
  .existing()
