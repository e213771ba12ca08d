import { setTimeout as wait } from 'node:timers/promises'
import { feedBatches, prepareFeeding } from '../../batches/feed.ts'
import type { Log } from '../../core/log.ts'
import { newOrderId } from '../../core/new-id.ts'
import { type PeriodicTask, runEvery } from '../../core/periodic-task.ts'
import { type Session, withSession } from '../../postgres/session.ts'
import { openQueue } from '../../queue/backend.ts'
import { wakeOrders } from '../../queue/order-worker.ts'

/** The configuration of a feeder of batches. */
export interface BatchFeederOptions {
  readonly databaseUrl: string
  /** Null: the queue is in the database too. */
  readonly redisUrl: string | null
  /** Its name as events show it. */
  readonly name: string
  readonly log: Log
  readonly everyMs?: number
  /** Tests of servers that vanish shorten it. */
  readonly replyWithinMs?: number
}

const FEED_EVERY_MS = 500
/** The server ends a statement of feeding after a minute, if the server answers. */
const REPLY_WITHIN_MS = 90_000
/** Waking an order again within this time adds no job. */
const FEED_AGAIN_MS = 5_000

/** Feeds running batches, and starts those that are due. Any number of feeders may run. */
export function startBatchFeeder(parts: BatchFeederOptions): PeriodicTask {
  const { databaseUrl, redisUrl, name, log, everyMs = FEED_EVERY_MS, replyWithinMs = REPLY_WITHIN_MS } = parts
  const queue = openQueue({ redisUrl, databaseUrl }, (error) => log.warn({ err: error }, 'queue error'))
  const stopping = new AbortController()
  const deps = {
    newId: newOrderId,
    wake: (orderIds: readonly string[]) => wakeOrders(queue, orderIds, FEED_AGAIN_MS, 'batch'),
    actor: `feeder:${name}`,
    log,
  }
  const feed = async (session: Session) => {
    await prepareFeeding(session)
    while (!stopping.signal.aborted) {
      await feedBatches(session, deps)
      await wait(everyMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }
  const work = () => withSession(databaseUrl, feed, { replyWithinMs })
  const feeding = runEvery(everyMs, work, (error) => log.warn({ err: error }, 'batches not fed, tried again'))
  return {
    async stop() {
      stopping.abort()
      await feeding.stop()
      await queue.close()
    },
  }
}
