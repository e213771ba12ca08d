import { and, eq, sql } from 'drizzle-orm'
import { copyBatch } from '../batches/copy.ts'
import type { Session } from '../postgres/session.ts'
import { statement } from '../postgres/statement.ts'
import { referenceEnding } from './batch-source.ts'
import type { SkipReason } from './lifecycle.ts'
import type { Plan } from './plan.ts'
import { planRuns } from './schema.ts'
import type { BatchSource } from './source.ts'

const setStarted = statement(
  'start_plan_batch_run',
  {
    planId: planRuns.planId,
    dueAt: planRuns.dueAt,
    actor: planRuns.actor,
    batchId: planRuns.batchId,
  },
  (db, { planId, dueAt, actor, batchId }) =>
    db
      .update(planRuns)
      .set({ state: 'started', reason: 'batch_started', actor, batchId })
      .where(and(eq(planRuns.planId, planId), eq(planRuns.dueAt, dueAt), sql`${planRuns.state} = 'planned'`)),
)

/**
 * Makes the batch of one run and starts it, in the transaction that holds the plan.
 * @returns why the run is skipped; null when it was started
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
      await setStarted(session, { planId, dueAt, actor, batchId: copied.batchId })
      return null
    case 'changed':
      return 'batch_changed'
    case 'taken':
      return 'rows_taken'
  }
}
