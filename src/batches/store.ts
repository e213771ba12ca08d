import { and, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import type { StatementRunner } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import { list, nullable, present, statement, type } from '../postgres/statement.ts'
import { type CommandResult, refused } from './command-result.ts'
import {
  BATCH_TRANSITIONS,
  type BatchMove,
  type BatchReasonFor,
  type BatchState,
  type BatchTransition,
} from './lifecycle.ts'
import { type BatchDetail, batches } from './schema.ts'
import { opsBatches } from './views-schema.ts'

/** A batch as moves and feeders see it. */
export interface StoredBatch {
  readonly batchId: number
  /** The partner that sent it; null for a batch of operators. */
  readonly owner: string | null
  /** The batch whose failed rows it retries; null for every other batch. */
  readonly retryOf: number | null
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

/** The columns of a stored batch. A draft is visible only to the transaction that creates it. */
export const STORED_BATCH = {
  batchId: batches.id,
  owner: batches.owner,
  retryOf: batches.retryOf,
  state: batches.state,
  reason: batches.reason,
  actor: batches.actor,
  createdBy: batches.createdBy,
  rowCount: present(batches.rowCount),
  contentHash: present(batches.contentHash),
  pageHashes: present(batches.pageHashes),
  ratePerSecond: batches.ratePerSecond,
  stopAfterFailures: batches.stopAfterFailures,
  fedCount: batches.fedCount,
  endedCount: batches.endedCount,
  failedCount: batches.failedCount,
  forgivenCount: batches.forgivenCount,
}

const selectForUpdate = statement('lock_batch', { batchId: batches.id }, (db, { batchId }) =>
  db.select(STORED_BATCH).from(batches).where(eq(batches.id, batchId)).for('update'),
)

/** Locks a batch until the transaction ends; null when there is none. Waits while a feeder works on it. */
export async function lockBatch(runner: StatementRunner, batchId: number): Promise<StoredBatch | null> {
  const [batch] = await selectForUpdate(runner, { batchId })
  return batch ?? null
}

/** What a move writes besides the state. Absent fields leave their columns as they are. */
export interface MoveFields {
  readonly actor: string
  readonly detail: BatchDetail | null
  readonly approval?: { readonly by: string; readonly alone: boolean }
  readonly run?: {
    /** Null: now. */
    readonly at: Date | null
    readonly ratePerSecond: number
    readonly stopAfterFailures: number | null
  }
}

const updateState = statement(
  'move_batch',
  {
    batchId: batches.id,
    from: list(batches.state),
    to: batches.state,
    reason: batches.reason,
    actor: batches.actor,
    detail: nullable(batches.detail),
    approvedBy: nullable(batches.approvedBy),
    alone: nullable(batches.alone),
    setsRun: type.boolean,
    runAt: nullable(type.time),
    ratePerSecond: nullable(batches.ratePerSecond),
    stopAfterFailures: nullable(batches.stopAfterFailures),
  },
  (db, move) =>
    db
      .update(batches)
      .set({
        state: move.to,
        reason: move.reason,
        actor: move.actor,
        detail: move.detail,
        approvedBy: sql`coalesce(${move.approvedBy}, ${batches.approvedBy})`,
        approvedAt: sql`case when ${move.approvedBy} is null then ${batches.approvedAt} else clock_timestamp() end`,
        alone: sql`coalesce(${move.alone}, ${batches.alone})`,
        runAt: sql`case when ${move.setsRun} then coalesce(${move.runAt}, now()) else ${batches.runAt} end`,
        ratePerSecond: sql`case when ${move.setsRun} then ${move.ratePerSecond} else ${batches.ratePerSecond} end`,
        stopAfterFailures: sql`case when ${move.setsRun} then ${move.stopAfterFailures} else ${batches.stopAfterFailures} end`,
        forgivenCount: sql`case when ${move.to} = 'running' then ${batches.failedCount} else ${batches.forgivenCount} end`,
      })
      .where(and(eq(batches.id, move.batchId), sql`${batches.state} = any(${move.from})`))
      .returning({ state: batches.state }),
)

/** Makes a move if the batch is in a state that the move may leave. @returns whether it did */
export async function moveBatch<M extends Exclude<BatchMove, 'create' | 'seal'>>(
  runner: StatementRunner,
  batchId: number,
  move: M,
  reason: BatchReasonFor<M>,
  { actor, detail, approval, run }: MoveFields,
): Promise<boolean> {
  const { from, to } = BATCH_TRANSITIONS[move]
  const moved = await updateState(runner, {
    batchId,
    from,
    to,
    reason,
    actor,
    detail,
    approvedBy: approval?.by ?? null,
    alone: approval?.alone ?? null,
    setsRun: run !== undefined,
    runAt: run?.at ?? null,
    ratePerSecond: run?.ratePerSecond ?? null,
    stopAfterFailures: run?.stopAfterFailures ?? null,
  })
  return moved.length > 0
}

const PAST_PARTICIPLES: Record<BatchMove, string> = {
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

/** Why the batch's state does not allow a move, in a sentence; null when it does. */
function stateProblem(move: BatchMove, { batchId, state, reason }: StoredBatch): string | null {
  const { from }: BatchTransition = BATCH_TRANSITIONS[move]
  if (from?.includes(state)) return null
  const states = from === null ? 'new' : from.join(' or ')
  return `a batch can be ${PAST_PARTICIPLES[move]} only while it is ${states}; batch ${batchId} is ${state} (${reason})`
}

// Through the view, because the table of plans belongs to a capability that builds on this one.
const selectPlan = statement('find_plan_of_batch', { batchId: opsBatches.batchId }, (db, { batchId }) =>
  db
    .select({ name: present(opsBatches.plan) })
    .from(opsBatches)
    .where(and(eq(opsBatches.batchId, batchId), isNull(opsBatches.copiedFrom), isNotNull(opsBatches.plan))),
)

/** The plan that runs copies of this batch; null when none does. Reliable only while the batch is locked. */
export async function planOf(runner: StatementRunner, batchId: number): Promise<string | null> {
  const [plan] = await selectPlan(runner, { batchId })
  return plan?.name ?? null
}

/** Does some work on a batch that is locked and may make the move. Otherwise says why not. */
export async function withLockedBatch<T extends object>(
  session: Session,
  batchId: number,
  move: BatchMove,
  work: (batch: StoredBatch) => Promise<CommandResult<T>>,
): Promise<CommandResult<T>> {
  return await session.transaction(async () => {
    const batch = await lockBatch(session, batchId)
    if (batch === null) return refused('absent', `there is no batch ${batchId}: see \`goldpro batch list\``)
    const problem = stateProblem(move, batch)
    if (problem !== null) return refused('state', problem)
    const plan = await planOf(session, batchId)
    if (plan !== null)
      return refused(
        'plan',
        `batch ${batchId} belongs to plan ${plan} and cannot be ${PAST_PARTICIPLES[move]} on its own: \`goldpro plan run-now\` runs it, \`goldpro plan remove\` ends it`,
      )
    return await work(batch)
  })
}
