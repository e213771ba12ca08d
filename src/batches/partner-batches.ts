import type { StatementRunner } from '../postgres/pool.ts'
import type { BatchState } from './lifecycle.ts'
import { type BatchSummary, SUMMARY_COLUMNS } from './queries.ts'

const FIND_OWN = {
  name: 'find_own_batch',
  text: `SELECT ${SUMMARY_COLUMNS} FROM ops.batches WHERE owner = $1 AND batch_id = $2`,
}

/** A batch of this partner; null when it has none of this number: another's is not there. */
export async function findPartnerBatch(
  runner: StatementRunner,
  partner: string,
  batchId: number,
): Promise<BatchSummary | null> {
  const [batch] = await runner.run<BatchSummary>(FIND_OWN, [partner, batchId])
  return batch ?? null
}

const LIST_OWN = {
  name: 'list_own_batches',
  text: `
    SELECT ${SUMMARY_COLUMNS} FROM ops.batches
    WHERE owner = $1 AND ($2::int IS NULL OR batch_id < $2) AND ($3::text IS NULL OR state = $3)
    ORDER BY batch_id DESC LIMIT $4`,
}

/** A page of this partner's batches, the newest first. */
export async function listPartnerBatches(
  runner: StatementRunner,
  filter: {
    readonly partner: string
    readonly state: BatchState | null
    /** Only older ones than this. */
    readonly before: number | null
    readonly limit: number
  },
): Promise<BatchSummary[]> {
  const { partner, before, state, limit } = filter
  return await runner.run<BatchSummary>(LIST_OWN, [partner, before, state, limit])
}
