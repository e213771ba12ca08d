import { and, asc, eq, sql } from 'drizzle-orm'
import type { Log } from '../core/log.ts'
import { FINAL_STATES } from '../orders/lifecycle.ts'
import { orders } from '../orders/schema.ts'
import type { Session } from '../postgres/session.ts'
import { list, statement, type } from '../postgres/statement.ts'
import { feedRows } from './feed-rows.ts'
import { logTurn, pauseOf, type Turn } from './feed-turns.ts'
import { wakeStored } from './feed-wake.ts'
import { batches, batchRows } from './schema.ts'
import { moveBatch, STORED_BATCH, type StoredBatch } from './store.ts'

/** Everything a feeder uses besides its session. */
export interface FeedDeps {
  newId(): string
  /** Adds jobs for these orders to the queue, behind everything that is more urgent. */
  wake(orderIds: readonly string[]): Promise<void>
  /** The feeder as events show it: `feeder:<name>`. */
  readonly actor: string
  readonly log: Log
  readonly mostInFlight?: number
}

/**
 * Orders of one batch that may be accepted or confirming at once. More would expire, after 15 minutes, in the queue of
 * a slow gateway, and the sweeper would wake them repeatedly.
 */
const MOST_IN_FLIGHT = 500

/** A batch may catch up on this much unused rate. */
const BURST_SECONDS = 1

// A feeder that freezes in its turn must not block the batch: the server ends its transaction, and another feeder goes on.
const BOUND_TURNS = {
  name: 'bound_turns',
  text: `SELECT set_config('idle_in_transaction_session_timeout', '20s', false), set_config('statement_timeout', '60s', false)`,
}

// The next rows come from the index of waiting rows, in its order. Before a new batch is analysed, Postgres takes it for
// cheap to read and sort every waiting row instead: 100 ms a turn with 100,000 of them.
const IN_ORDER_OF_INDEX = {
  name: 'feed_in_order_of_index',
  text: `SELECT set_config('enable_sort', 'off', false), set_config('enable_bitmapscan', 'off', false)`,
}

/** Sets a session's timeouts and plans for feeding. */
export async function prepareFeeding(session: Session): Promise<void> {
  await session.run(BOUND_TURNS)
  await session.run(IN_ORDER_OF_INDEX)
}

const selectDue = statement('due_batches', {}, (db) =>
  db
    .select({ batchId: batches.id })
    .from(batches)
    .where(
      and(
        sql`${batches.state} in ('approved', 'running')`,
        sql`(${batches.state} = 'running' or ${batches.runAt} <= now())`,
      ),
    )
    .orderBy(asc(batches.id)),
)

/**
 * Gives one turn to every batch that is running or due. Any number of feeders may do so at once: a turn locks its batch,
 * and a feeder skips a batch that is locked.
 */
export async function feedBatches(session: Session, deps: FeedDeps): Promise<void> {
  for (const { batchId } of await selectDue(session, {})) {
    try {
      const turn = await session.transaction(() => takeTurn(session, batchId, deps))
      if (turn !== null) logTurn(batchId, turn, deps.log)
    } catch (error) {
      // An error of one batch must not stop the others.
      deps.log.warn({ batch: batchId, err: error }, 'batch not fed, tried again')
    }
  }
  await wakeStored(session, deps.wake)
}

/** A batch that is running or due. */
interface DueBatch extends StoredBatch {
  /** Rows that its rate allows now. */
  readonly allowed: number
  /** The rate is used up until this time, before this turn. */
  readonly pacedAt: Date
}

// At most now: a clock that jumps back must not stop the batch.
const PACED_AT = sql`least(greatest(coalesce(${batches.pacedAt}, '-infinity'), now() - ${BURST_SECONDS}::float8 * interval '1 second'), now())`

const lockDue = statement('lock_due_batch', { batchId: batches.id }, (db, { batchId }) =>
  db
    .select({
      ...STORED_BATCH,
      pacedAt: PACED_AT.mapWith(batches.pacedAt),
      allowed: sql<number>`floor(extract(epoch from now() - ${PACED_AT}) * coalesce(${batches.ratePerSecond}, 0))::int`,
    })
    .from(batches)
    .where(
      and(
        eq(batches.id, batchId),
        sql`(${batches.state} = 'running' or ${batches.state} = 'approved' and ${batches.runAt} <= now())`,
      ),
    )
    .for('update', { skipLocked: true }),
)

async function takeTurn(session: Session, batchId: number, deps: FeedDeps): Promise<Turn | null> {
  const [batch] = await lockDue(session, { batchId })
  if (batch === undefined) return null
  const { actor } = deps
  if (batch.state === 'approved') {
    await moveBatch(session, batchId, 'start', 'run_time_reached', { actor, detail: null })
    return 'started'
  }
  const counted = await endRows(session, batch)
  const { endedCount, failedCount, fedCount, rowCount, stopAfterFailures } = counted
  if (endedCount < rowCount && hasFailedTooOften(counted)) {
    const detail = { failed: failedCount, stop_after_failures: stopAfterFailures }
    await moveBatch(session, batchId, 'pause', 'too_many_failures', { actor, detail })
    return 'too_many_failures'
  }
  const room = (deps.mostInFlight ?? MOST_IN_FLIGHT) - (fedCount - endedCount)
  const fed = await feedRows(session, batch, Math.max(Math.min(batch.allowed, room), 0), deps.newId)
  if (fed.is !== 'fed') {
    const { reason, detail } = pauseOf(fed)
    await moveBatch(session, batchId, 'pause', reason, { actor, detail })
    return reason
  }
  const { failed } = fed
  const counts = { fed: fed.fed, ended: failed, failed }
  await addCounts(session, { batchId, pacedAt: batch.pacedAt, ...counts })
  if (endedCount + failed < rowCount) return null
  await moveBatch(session, batchId, 'finish', 'every_row_ended', { actor, detail: null })
  return 'finished'
}

function hasFailedTooOften({ stopAfterFailures, failedCount, forgivenCount }: StoredBatch): boolean {
  return stopAfterFailures !== null && failedCount - forgivenCount >= stopAfterFailures
}

/** States in which an order needs nothing more from a worker. A doubt counts as a failure: a person must look at it. */
const ENDED_STATES = [...FINAL_STATES, 'in_doubt'] as const

const updateEnded = statement(
  'end_batch_rows',
  { batchId: batches.id, endedStates: list(orders.state) },
  (db, { batchId, endedStates }) => {
    const ended = db.$with('ended').as(
      db
        .update(batchRows)
        .set({ state: 'ended' })
        .from(orders)
        .where(
          and(
            eq(batchRows.batchId, batchId),
            sql`${batchRows.state} in ('stored', 'queued')`,
            eq(orders.id, batchRows.orderId),
            sql`${orders.state} = any(${endedStates})`,
          ),
        )
        .returning({ orderState: orders.state }),
    )
    return db
      .with(ended)
      .select({
        ended: sql<number>`count(*)::int`,
        failed: sql<number>`(count(*) filter (where ${ended.orderState} <> 'succeeded'))::int`,
      })
      .from(ended)
  },
)

/** Ends the rows whose orders ended. @returns the batch with its new counts */
async function endRows(session: Session, batch: DueBatch): Promise<DueBatch> {
  const [counts] = await updateEnded(session, { batchId: batch.batchId, endedStates: ENDED_STATES })
  const { ended, failed } = counts ?? { ended: 0, failed: 0 }
  await addCounts(session, { batchId: batch.batchId, pacedAt: batch.pacedAt, fed: 0, ended, failed })
  return { ...batch, endedCount: batch.endedCount + ended, failedCount: batch.failedCount + failed }
}

const addCounts = statement(
  'count_batch_rows',
  {
    batchId: batches.id,
    fed: type.integer,
    ended: type.integer,
    failed: type.integer,
    pacedAt: type.time,
  },
  (db, { batchId, fed, ended, failed, pacedAt }) =>
    db
      .update(batches)
      .set({
        fedCount: sql`${batches.fedCount} + ${fed}`,
        endedCount: sql`${batches.endedCount} + ${ended}`,
        failedCount: sql`${batches.failedCount} + ${failed}`,
        pacedAt: sql`${pacedAt} + ${fed} * interval '1 second' / coalesce(${batches.ratePerSecond}, 1)`,
      })
      .where(eq(batches.id, batchId)),
)
