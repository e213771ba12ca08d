import type { StatementRunner } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import { type BatchAnswer, refused } from './command-result.ts'
import {
  BATCH_TRANSITIONS,
  type BatchMove,
  type BatchReasonFor,
  type BatchState,
  type BatchTransition,
} from './lifecycle.ts'

/** A batch as moves and feeders see it. */
export interface StoredBatch {
  readonly batchId: number
  /** The partner whose it is; null: an operator's. */
  readonly owner: string | null
  readonly state: BatchState
  readonly reason: string
  /** Who made its last move. */
  readonly actor: string
  readonly createdBy: string
  readonly rowCount: number
  readonly contentHash: string
  readonly pageHashes: readonly string[]
  readonly ratePerSecond: number | null
  readonly stopAfterFailures: number | null
  readonly fedCount: number
  readonly endedCount: number
  readonly failedCount: number
  readonly forgivenCount: number
}

export const STORED_BATCH_COLUMNS = `
  b.id AS "batchId", b.owner, b.state, b.reason, b.actor, b.created_by AS "createdBy", b.row_count AS "rowCount",
  b.content_hash AS "contentHash", b.page_hashes AS "pageHashes", b.rate_per_second AS "ratePerSecond",
  b.stop_after_failures AS "stopAfterFailures", b.fed_count AS "fedCount", b.ended_count AS "endedCount",
  b.failed_count AS "failedCount", b.forgiven_count AS "forgivenCount"`

const LOCK_BATCH = {
  name: 'lock_batch',
  text: `SELECT ${STORED_BATCH_COLUMNS} FROM batches b WHERE b.id = $1 FOR UPDATE`,
}

/** The batch, held until the transaction ends; null when there is none. Waits for a feeder's turn to end. */
export async function lockBatch(runner: StatementRunner, batchId: number): Promise<StoredBatch | null> {
  const [batch] = await runner.run<StoredBatch>(LOCK_BATCH, [batchId])
  return batch ?? null
}

/** What a move writes beside the state. Null fields leave the column as it is. */
export interface Written {
  readonly actor: string
  readonly detail: Readonly<Record<string, unknown>> | null
  readonly approval?: { readonly by: string; readonly alone: boolean }
  readonly run?: {
    readonly at: Date | null
    readonly ratePerSecond: number
    readonly stopAfterFailures: number | null
  }
}

const MOVE_BATCH = {
  name: 'move_batch',
  text: `
    UPDATE batches SET state = $3, reason = $4, actor = $5, detail = $6,
      approved_by = coalesce($7, approved_by), approved_at = CASE WHEN $7 IS NULL THEN approved_at ELSE clock_timestamp() END,
      alone = coalesce($8, alone), run_at = CASE WHEN $9::bool THEN coalesce($10, now()) ELSE run_at END,
      rate_per_second = CASE WHEN $9 THEN $11 ELSE rate_per_second END,
      stop_after_failures = CASE WHEN $9 THEN $12 ELSE stop_after_failures END,
      forgiven_count = CASE WHEN $3 = 'running' THEN failed_count ELSE forgiven_count END
    WHERE id = $1 AND state = ANY ($2::text[])
    RETURNING state`,
}

/** Makes a move if the batch is in a state that it may leave; false when it is not. */
export async function moveBatch<M extends Exclude<BatchMove, 'create' | 'seal'>>(
  session: Session,
  batchId: number,
  move: M,
  reason: BatchReasonFor<M>,
  { actor, detail, approval, run }: Written,
): Promise<boolean> {
  const { from, to } = BATCH_TRANSITIONS[move]
  const rows = await session.run(MOVE_BATCH, [
    ...[batchId, from, to, reason, actor, detail === null ? null : JSON.stringify(detail)],
    ...[approval?.by ?? null, approval?.alone ?? null],
    ...[run !== undefined, run?.at ?? null, run?.ratePerSecond ?? null, run?.stopAfterFailures ?? null],
  ])
  return rows.length > 0
}

const DONE: Record<BatchMove, string> = {
  create: 'created',
  seal: 'sealed',
  approve: 'approved',
  schedule: 'scheduled',
  start: 'run',
  pause: 'paused',
  resume: 'resumed',
  finish: 'finished',
  cancel: 'cancelled',
  retire: 'cancelled',
}

/** Why a move is not possible, in a sentence; null when it is. */
export function refusalOf(move: BatchMove, batchId: number, batch: StoredBatch | null): string | null {
  if (batch === null) return `there is no batch ${batchId}: see \`goldpro batch list\``
  const { from }: BatchTransition = BATCH_TRANSITIONS[move]
  if (from?.includes(batch.state)) return null
  const states = from === null ? 'new' : from.join(' or ')
  return `a batch can be ${DONE[move]} only while it is ${states}; batch ${batchId} is ${batch.state} (${batch.reason})`
}

const FIND_MODEL_PLAN = {
  name: 'find_plan_of_batch',
  text: 'SELECT name FROM plans WHERE batch_id = $1',
}

/** The plan that copies this batch; null when none does. Asked once the batch is locked. */
export async function modelOf(runner: StatementRunner, batchId: number): Promise<string | null> {
  const [plan] = await runner.run<{ name: string }>(FIND_MODEL_PLAN, [batchId])
  return plan?.name ?? null
}

/** Runs a move on a locked batch, or says why not. */
export async function onBatch<T extends object>(
  session: Session,
  batchId: number,
  move: BatchMove,
  work: (batch: StoredBatch) => Promise<BatchAnswer<T>>,
): Promise<BatchAnswer<T>> {
  return await session.transaction(async () => {
    const batch = await lockBatch(session, batchId)
    const message = refusalOf(move, batchId, batch)
    if (batch === null) return refused('absent', message ?? '')
    if (message !== null) return refused('state', message)
    const plan = await modelOf(session, batchId)
    if (plan !== null)
      return refused(
        'plan',
        `batch ${batchId} is what plan ${plan} runs: it can be ${DONE[move]} by nobody else (\`goldpro plan run-now\` runs it, \`goldpro plan remove\` ends it)`,
      )
    return await work(batch)
  })
}
