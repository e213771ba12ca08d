import type { Log } from '../../core/log.ts'
import type { PeriodicTask } from '../../core/periodic-task.ts'
import { sendDeadlineMs } from '../../orders/deps.ts'
import { createSweepStore } from '../../orders/store/sweeps.ts'
import { openDatabase } from '../../postgres/pool.ts'
import { openQueue } from '../../queue/backend.ts'
import { startSweeper, wakeOrders } from '../../queue/order-worker.ts'
import { rememberDatabase } from '../../recovery/store.ts'
import { createSwitchSweep } from '../../switches/order-switches.ts'

/** The configuration of a sweeper outside of a worker. */
export interface OrderSweeperOptions {
  readonly databaseUrl: string
  /** Null: the queue is in the database too. */
  readonly redisUrl: string | null
  /** The workers' wall-clock deadline of one gateway call; the send deadline is computed from it. */
  readonly callTimeoutMs: number
  /** Its name as events show it. */
  readonly name: string
  readonly log: Log
}

const SWEEP_EVERY_MS = 5_000
const WAKE_AGAIN_MS = 60_000

/** Sweeps as every worker does, so that orders are woken and expire also while no worker runs. */
export function startOrderSweeper({
  databaseUrl,
  redisUrl,
  callTimeoutMs,
  name,
  log,
}: OrderSweeperOptions): PeriodicTask {
  const onError = (error: Error) => log.warn({ err: error }, 'queue error')
  const database = openDatabase({ databaseUrl, maxConnections: 2, onError })
  const queue = openQueue({ databaseUrl, redisUrl }, onError)
  const sweeper = startSweeper(SWEEP_EVERY_MS, {
    store: createSweepStore(database),
    switches: createSwitchSweep(database, () => rememberDatabase(database)),
    wake: (orderIds) => wakeOrders(queue, orderIds, WAKE_AGAIN_MS, 'swept'),
    // Once for each time that their turn comes, and as soon as a partner's own job: they have waited.
    wakeNext: (orderIds) => wakeOrders(queue, orderIds, null),
    sendDeadlineMs: sendDeadlineMs(callTimeoutMs),
    wakeAgainMs: WAKE_AGAIN_MS,
    actor: `sweeper:${name}`,
    log,
  })
  return {
    async stop() {
      await sweeper.stop()
      await Promise.all([queue.close(), database.close()])
    },
  }
}
