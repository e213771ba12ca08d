import type { StatementRunner } from '../postgres/pool.ts'
import type { BatchState } from './lifecycle.ts'

/** A batch as people list it. */
export interface BatchSummary {
  readonly batchId: number
  /** The partner whose it is; null: an operator's. */
  readonly owner: string | null
  readonly fileName: string
  readonly contentHash: string
  readonly state: BatchState
  readonly reason: string
  readonly rows: number
  readonly createdAt: Date
  readonly createdBy: string
  readonly approvedBy: string | null
  readonly runAt: Date | null
  readonly ratePerSecond: number | null
  readonly stopAfterFailures: number | null
  readonly startedAt: Date | null
  readonly endedAt: Date | null
  readonly fed: number
  readonly ended: number
  readonly failed: number
  /** The batch that a plan copied; null: of a file. */
  readonly copiedFrom: number | null
  /** The plan that copies it, or made it. */
  readonly planId: number | null
  readonly plan: string | null
  readonly dueAt: Date | null
}

/** Columns of ops.batches as a summary. */
export const SUMMARY_COLUMNS = `
  batch_id AS "batchId", owner, file_name AS "fileName", content_hash AS "contentHash", state, reason, rows,
  created_at AS "createdAt", created_by AS "createdBy", approved_by AS "approvedBy", run_at AS "runAt",
  rate_per_second AS "ratePerSecond", stop_after_failures AS "stopAfterFailures", started_at AS "startedAt",
  ended_at AS "endedAt", fed, ended, failed, copied_from AS "copiedFrom", plan_id AS "planId",
  plan, due_at AS "dueAt"`

const LIST_BATCHES = {
  name: 'list_batches',
  text: `SELECT ${SUMMARY_COLUMNS} FROM ops.batches WHERE $2 OR ended_at IS NULL ORDER BY batch_id DESC LIMIT $1 OFFSET $3`,
}

/** The newest batches first; those that ended only when asked for. */
export async function listBatches(
  database: StatementRunner,
  limit: number,
  alsoEnded: boolean,
  skip: number,
): Promise<BatchSummary[]> {
  return await database.run<BatchSummary>(LIST_BATCHES, [limit, alsoEnded, skip])
}

const COUNT_BATCHES = {
  name: 'count_batches',
  text: `SELECT count(*)::int AS count FROM batches WHERE $1 OR ended_at IS NULL`,
}

/** How many batches there are; those that ended only when asked for. */
export async function countBatches(database: StatementRunner, alsoEnded: boolean): Promise<number> {
  const [row] = await database.run<{ count: number }>(COUNT_BATCHES, [alsoEnded])
  return row?.count ?? 0
}

/** One move of a batch. */
export interface BatchEvent {
  readonly at: Date
  readonly fromState: BatchState | null
  readonly toState: BatchState
  readonly reason: string
  readonly actor: string
  readonly detail: Readonly<Record<string, unknown>> | null
}

/** How a batch stands now, counted from its orders. */
export interface BatchProgress extends BatchSummary {
  /** Rows per outcome: an order's state, `waiting`, `not_sent` or `conflict`. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Rows whose order ended within the last minute. */
  readonly endedLastMinute: number
}

const READ_BATCH = {
  name: 'read_batch',
  text: `SELECT ${SUMMARY_COLUMNS} FROM ops.batches WHERE batch_id = $1`,
}

const COUNT_OUTCOMES = {
  name: 'count_batch_outcomes',
  text: `
    SELECT CASE WHEN r.state = 'waiting' AND b.state = 'cancelled' THEN 'not_sent' ELSE coalesce(o.state, r.state) END AS outcome,
      count(*)::int AS count, (count(*) FILTER (WHERE o.settled_at > now() - interval '1 minute'))::int AS "lastMinute"
    FROM batch_rows r JOIN batches b ON b.id = r.batch_id LEFT JOIN orders o ON o.id = r.order_id
    WHERE r.batch_id = $1 GROUP BY 1 ORDER BY 1`,
}

/** Reads how a batch stands; null when there is none. */
export async function readProgress(
  database: StatementRunner,
  batchId: number,
): Promise<BatchProgress | null> {
  const [batch] = await database.run<BatchSummary>(READ_BATCH, [batchId])
  if (batch === undefined) return null
  const counts = await database.run<{ outcome: string; count: number; lastMinute: number }>(COUNT_OUTCOMES, [
    batchId,
  ])
  return {
    ...batch,
    outcomes: Object.fromEntries(counts.map(({ outcome, count }) => [outcome, count])),
    endedLastMinute: counts.reduce((sum, { lastMinute }) => sum + lastMinute, 0),
  }
}

const READ_EVENTS = {
  name: 'read_batch_events',
  text: `
    SELECT at, from_state AS "fromState", to_state AS "toState", reason, actor, detail FROM batch_events WHERE batch_id = $1 ORDER BY id`,
}

/** Everything that was done with a batch. */
export async function readBatchEvents(database: StatementRunner, batchId: number): Promise<BatchEvent[]> {
  return await database.run<BatchEvent>(READ_EVENTS, [batchId])
}
