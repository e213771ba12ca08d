import type { Log } from '../core/log.ts'
import { FINAL_STATES } from '../orders/lifecycle.ts'
import type { Session } from '../postgres/session.ts'
import { feedRows } from './feed-rows.ts'
import { logTurn, pauseOf, type Turn } from './feed-turns.ts'
import { moveBatch, STORED_BATCH_COLUMNS, type StoredBatch } from './store.ts'

/** Everything a feeder uses beside its session. */
export interface FeedDeps {
  newId(): string
  /** Asks the queue to bring these orders, after everything that is more urgent. */
  wake(orderIds: readonly string[]): Promise<void>
  /** Who feeds, as events show it: `feeder:<name>`. */
  readonly actor: string
  readonly log: Log
  /** Rows of one batch that may be on their way at once. */
  readonly mostInFlight?: number
}

/**
 * Orders of one batch that may be accepted or confirming at once. More would outlive their 15 minutes in the queue of
 * a slow gateway, and the sweeper would wake them again and again.
 */
const MOST_IN_FLIGHT = 500

/** What of a rate was not used is made up for, up to this long. */
const BURST_SECONDS = 1

// A feeder that freezes in its turn must not keep the batch: the server ends its transaction, and another feeds.
const BOUND_TURNS = {
  name: 'bound_turns',
  text: `SELECT set_config('idle_in_transaction_session_timeout', '20s', false), set_config('statement_timeout', '60s', false)`,
}

/** Makes a session fit for feeding. */
export async function prepareFeeding(session: Session): Promise<void> {
  await session.run(BOUND_TURNS)
}

const DUE_BATCHES = {
  name: 'due_batches',
  text: `
    SELECT id AS "batchId" FROM batches
    WHERE state IN ('approved', 'running') AND (state = 'running' OR run_at <= now()) ORDER BY id`,
}

/**
 * Gives every batch whose time has come one turn. Any number of feeders may do so: a batch is locked for a turn, and
 * whoever finds it locked leaves it.
 */
export async function feedBatches(session: Session, deps: FeedDeps): Promise<void> {
  for (const { batchId } of await session.run<{ batchId: number }>(DUE_BATCHES)) {
    try {
      const turn = await session.transaction(() => takeTurn(session, batchId, deps))
      if (turn !== null) logTurn(batchId, turn, deps.log)
    } catch (error) {
      // One batch's trouble must not keep the others waiting.
      deps.log.warn({ batch: batchId, err: error }, 'batch not fed, tried again')
    }
  }
  await wakeStored(session, deps)
}

/** A running batch and how many rows its rate allows now. */
interface RunningBatch extends StoredBatch {
  readonly allowed: number
  /** Up to when the rate is used up, before this turn. */
  readonly pacedAt: Date
}

// A clock that jumps back must not stop the batch: what is paced ahead of it begins anew.
const LOCK_DUE = {
  name: 'lock_due_batch',
  text: `
    SELECT ${STORED_BATCH_COLUMNS}, paced.at AS "pacedAt",
      floor(extract(epoch FROM now() - paced.at) * coalesce(b.rate_per_second, 0))::int AS allowed
    FROM batches b, LATERAL (
      SELECT least(greatest(coalesce(b.paced_at, '-infinity'), now() - interval '${BURST_SECONDS} seconds'), now()) AS at
    ) paced
    WHERE b.id = $1 AND (b.state = 'running' OR b.state = 'approved' AND b.run_at <= now())
    FOR UPDATE OF b SKIP LOCKED`,
}

async function takeTurn(session: Session, batchId: number, deps: FeedDeps): Promise<Turn | null> {
  const [batch] = await session.run<RunningBatch>(LOCK_DUE, [batchId])
  if (batch === undefined) return null
  const { actor } = deps
  if (batch.state === 'approved') {
    await moveBatch(session, batchId, 'start', 'run_time_reached', { actor, detail: null })
    return 'started'
  }
  const standing = await noteEnded(session, batch)
  const { endedCount, failedCount, fedCount, rowCount, stopAfterFailures } = standing
  if (endedCount < rowCount && hasFailedTooOften(standing)) {
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
  const { conflicts } = fed
  await count(session, batch, { fed: fed.fed, ended: conflicts, failed: conflicts })
  if (endedCount + conflicts < rowCount) return null
  await moveBatch(session, batchId, 'finish', 'every_row_ended', { actor, detail: null })
  return 'finished'
}

function hasFailedTooOften({ stopAfterFailures, failedCount, forgivenCount }: StoredBatch): boolean {
  return stopAfterFailures !== null && failedCount - forgivenCount >= stopAfterFailures
}

const END_ROWS = {
  name: 'end_batch_rows',
  text: `
    WITH ended AS (
      UPDATE batch_rows r SET state = 'ended' FROM orders o
      WHERE r.batch_id = $1 AND r.state IN ('stored', 'queued') AND o.id = r.order_id AND o.state = ANY ($2)
      RETURNING o.state
    )
    SELECT count(*)::int AS ended, (count(*) FILTER (WHERE state <> 'succeeded'))::int AS failed FROM ended`,
}

/** Notes the rows whose orders need nothing more from a worker. A doubt counts with the failures: it needs a person. */
async function noteEnded(session: Session, batch: RunningBatch): Promise<RunningBatch> {
  const over = [...FINAL_STATES, 'in_doubt']
  const [counts] = await session.run<{ ended: number; failed: number }>(END_ROWS, [batch.batchId, over])
  const { ended, failed } = counts ?? { ended: 0, failed: 0 }
  await count(session, batch, { fed: 0, ended, failed })
  return { ...batch, endedCount: batch.endedCount + ended, failedCount: batch.failedCount + failed }
}

const COUNT_ROWS = {
  name: 'count_batch_rows',
  text: `
    UPDATE batches SET fed_count = fed_count + $2, ended_count = ended_count + $3, failed_count = failed_count + $4,
      paced_at = $5::timestamptz + $2 * interval '1 second' / coalesce(rate_per_second, 1)
    WHERE id = $1`,
}

async function count(
  session: Session,
  { batchId, pacedAt }: RunningBatch,
  { fed, ended, failed }: { fed: number; ended: number; failed: number },
): Promise<void> {
  await session.run(COUNT_ROWS, [batchId, fed, ended, failed, pacedAt])
}

const STORED_ROWS = {
  name: 'stored_batch_rows',
  text: `SELECT order_id::text AS "orderId" FROM batch_rows WHERE state = 'stored' LIMIT 1000`,
}

const NOTE_QUEUED = {
  name: 'note_queued_batch_rows',
  // A row that a feeder's turn holds is woken and noted again: waiting for it might be waiting for each other.
  text: `
    WITH free AS (
      SELECT batch_id, row_number FROM batch_rows WHERE order_id = ANY ($1::uuid[]) AND state = 'stored' FOR UPDATE SKIP LOCKED
    )
    UPDATE batch_rows r SET state = 'queued' FROM free f
    WHERE r.batch_id = f.batch_id AND r.row_number = f.row_number`,
}

/**
 * Wakes the queue for orders that are stored, also those of a feeder that ended between the two. Twice does no harm,
 * and what is never woken the sweeper wakes.
 */
async function wakeStored(session: Session, { wake }: FeedDeps): Promise<void> {
  const rows = await session.run<{ orderId: string }>(STORED_ROWS)
  if (rows.length === 0) return
  const orderIds = rows.map(({ orderId }) => orderId)
  await wake(orderIds)
  await session.run(NOTE_QUEUED, [orderIds])
}
