import { and, asc, count, desc, eq, isNull, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { orders } from '../orders/schema.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { nullable, statement, type } from '../postgres/statement.ts'
import type { BatchState } from './lifecycle.ts'
import { type BatchDetail, batchEvents, batches, batchRows } from './schema.ts'
import { opsBatches } from './views-schema.ts'

/** A batch as lists show it. */
export interface BatchSummary {
  readonly batchId: number
  /** The partner that sent it; null for a batch of operators. */
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
  /** The batch that a plan copied; null for a batch made of a file. */
  readonly copiedFrom: number | null
  /** The batch whose failed rows it retries; null for every other batch. */
  readonly retryOf: number | null
  /** The plan that runs copies of it, or made it as a copy. */
  readonly planId: number | null
  readonly plan: string | null
  readonly dueAt: Date | null
}

/** The columns of a summary. */
export const SUMMARY = {
  batchId: opsBatches.batchId,
  owner: opsBatches.owner,
  fileName: opsBatches.fileName,
  contentHash: opsBatches.contentHash,
  state: opsBatches.state,
  reason: opsBatches.reason,
  rows: opsBatches.rows,
  createdAt: opsBatches.createdAt,
  createdBy: opsBatches.createdBy,
  approvedBy: opsBatches.approvedBy,
  runAt: opsBatches.runAt,
  ratePerSecond: opsBatches.ratePerSecond,
  stopAfterFailures: opsBatches.stopAfterFailures,
  startedAt: opsBatches.startedAt,
  endedAt: opsBatches.endedAt,
  fed: opsBatches.fed,
  ended: opsBatches.ended,
  failed: opsBatches.failed,
  copiedFrom: opsBatches.copiedFrom,
  retryOf: opsBatches.retryOf,
  planId: opsBatches.planId,
  plan: opsBatches.plan,
  dueAt: opsBatches.dueAt,
}

/** Whether a batch retries rows of another; every batch where none is named. */
const isRetryOf = (column: SQLWrapper, retryOf: SQL) => sql`(${retryOf} is null or ${column} = ${retryOf})`

const selectBatches = statement(
  'list_batches',
  { alsoEnded: type.boolean, retryOf: nullable(type.integer), limit: type.integer, offset: type.integer },
  (db, { alsoEnded, retryOf }) =>
    db
      .select(SUMMARY)
      .from(opsBatches)
      .where(and(or(alsoEnded, isNull(opsBatches.endedAt)), isRetryOf(opsBatches.retryOf, retryOf)))
      .orderBy(desc(opsBatches.batchId))
      .limit(sql.placeholder('limit'))
      .offset(sql.placeholder('offset')),
)

/** A page of batches, the newest first. Those that ended are left out unless `alsoEnded`. @param retryOf only retries of it */
export async function listBatches(
  runner: StatementRunner,
  limit: number,
  alsoEnded: boolean,
  offset: number,
  retryOf: number | null = null,
): Promise<BatchSummary[]> {
  return await selectBatches(runner, { alsoEnded, retryOf, limit, offset })
}

const selectCount = statement(
  'count_batches',
  { alsoEnded: type.boolean, retryOf: nullable(type.integer) },
  (db, { alsoEnded, retryOf }) =>
    db
      .select({ count: count() })
      .from(batches)
      .where(and(or(alsoEnded, isNull(batches.endedAt)), isRetryOf(batches.retryOf, retryOf))),
)

/** The number of batches. Those that ended are left out unless `alsoEnded`. */
export async function countBatches(
  runner: StatementRunner,
  alsoEnded: boolean,
  retryOf: number | null = null,
): Promise<number> {
  const [row] = await selectCount(runner, { alsoEnded, retryOf })
  return row?.count ?? 0
}

/** How a batch stands now, counted from its orders. */
export interface BatchProgress extends BatchSummary {
  /** Rows per outcome: an order's state, `waiting`, `not_sent` or `conflict`. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Rows whose order ended within the last minute. */
  readonly endedLastMinute: number
}

const selectBatch = statement('read_batch', { batchId: type.integer }, (db, { batchId }) =>
  db.select(SUMMARY).from(opsBatches).where(eq(opsBatches.batchId, batchId)),
)

const countOutcomes = statement('count_batch_outcomes', { batchId: batches.id }, (db, { batchId }) =>
  db
    .select({
      outcome: sql<string>`case when ${batchRows.state} = 'waiting' and ${batches.state} = 'cancelled' then 'not_sent'
        else coalesce(${orders.state}, ${batchRows.state}) end`,
      count: sql<number>`count(*)::int`,
      lastMinute: sql<number>`(count(*) filter (where ${orders.settledAt} > now() - interval '1 minute'))::int`,
    })
    .from(batchRows)
    .innerJoin(batches, eq(batches.id, batchRows.batchId))
    .leftJoin(orders, eq(orders.id, batchRows.orderId))
    .where(eq(batchRows.batchId, batchId))
    .groupBy(sql`1`)
    .orderBy(sql`1`),
)

/** How a batch stands; null when there is none of this number. */
export async function readProgress(runner: StatementRunner, batchId: number): Promise<BatchProgress | null> {
  const [batch] = await selectBatch(runner, { batchId })
  if (batch === undefined) return null
  const counts = await countOutcomes(runner, { batchId })
  return {
    ...batch,
    outcomes: Object.fromEntries(counts.map(({ outcome, count: rows }) => [outcome, rows])),
    endedLastMinute: counts.reduce((sum, { lastMinute }) => sum + lastMinute, 0),
  }
}

/** One move of a batch. */
export interface BatchEvent {
  readonly at: Date
  readonly fromState: BatchState | null
  readonly toState: BatchState
  readonly reason: string
  readonly actor: string
  readonly detail: BatchDetail | null
}

const selectEvents = statement('read_batch_events', { batchId: batches.id }, (db, { batchId }) =>
  db
    .select({
      at: batchEvents.at,
      fromState: batchEvents.fromState,
      toState: batchEvents.toState,
      reason: batchEvents.reason,
      actor: batchEvents.actor,
      detail: batchEvents.detail,
    })
    .from(batchEvents)
    .where(eq(batchEvents.batchId, batchId))
    .orderBy(asc(batchEvents.id)),
)

/** The history of a batch, the oldest move first. */
export async function readBatchEvents(runner: StatementRunner, batchId: number): Promise<BatchEvent[]> {
  return await selectEvents(runner, { batchId })
}
