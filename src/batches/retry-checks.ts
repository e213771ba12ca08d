import { sql } from 'drizzle-orm'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import { batches } from './schema.ts'
import type { StoredBatch } from './store.ts'

const selectExecuted = statement(
  'find_executed_order_of_retries',
  { batchId: batches.id },
  (db, { batchId }) =>
    db
      .select({ isExecuted: sql<boolean>`executed` })
      .from(sql`batch_retries_executed_order(${batchId}) as executed`),
)

/**
 * Whether something says that an order which this batch retries was executed after all: a break, since its state is
 * final. Such a batch sends nothing more.
 */
export async function retriesExecutedOrder(
  runner: StatementRunner,
  { batchId, retryOf }: StoredBatch,
): Promise<boolean> {
  if (retryOf === null) return false
  const [row] = await selectExecuted(runner, { batchId })
  return row?.isExecuted === true
}

/** What people are told of such a batch. */
export const RETRIED_EXECUTED =
  'a break says that an order which it retries was executed (`goldpro recon breaks list`): cancel it, and retry the other rows again'
