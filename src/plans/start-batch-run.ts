import { copyBatch } from '../batches/copy.ts'
import type { Session } from '../postgres/session.ts'
import { referenceEnding } from './batch-source.ts'
import type { SkipReason } from './lifecycle.ts'
import type { BatchSource, Plan } from './plan.ts'

const START_BATCH_RUN = {
  name: 'start_plan_batch_run',
  text: `
    UPDATE plan_runs SET state = 'started', reason = 'batch_started', actor = $3, batch_id = $4
    WHERE plan_id = $1 AND due_at = $2 AND state = 'planned'`,
}

/**
 * Makes the batch of one run and lets it run, in the transaction that holds the plan.
 * @returns why the run is left out; null when it was started
 */
export async function startBatchRun(
  session: Session,
  { planId, timeZone }: Plan,
  source: BatchSource,
  dueAt: Date,
  actor: string,
): Promise<SkipReason | null> {
  const copied = await copyBatch(session, {
    originalId: source.batch_id,
    referenceSuffix: referenceEnding(timeZone, dueAt),
    ratePerSecond: source.rate_per_second,
    stopAfterFailures: source.stop_after_failures,
    actor: `plan:${planId}`,
  })
  switch (copied.is) {
    case 'running':
      await session.run(START_BATCH_RUN, [planId, dueAt, actor, copied.batchId])
      return null
    case 'changed':
      return 'batch_changed'
    case 'taken':
      return 'rows_taken'
  }
}
