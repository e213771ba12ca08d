import type { Log } from '../../core/log.ts'
import type { PeriodicTask } from '../../core/periodic-task.ts'
import { sendDeadlineMs } from '../../orders/deps.ts'
import { createSweepStore } from '../../orders/store/sweeps.ts'
import { openDatabase } from '../../postgres/pool.ts'
import { openQueue } from '../../queue/backend.ts'
import { startSweeper, wakeOrders } from '../../queue/order-worker.ts'

/** Everything a sweeper outside of a worker is made of. */
export interface OrderSweeperOptions {
  readonly databaseUrl: string
  /** Null: the queue lives in the database too. */
  readonly redisUrl: string | null
  /** The workers' wall-clock deadline of one gateway call, which the send deadline follows from. */
  readonly callTimeoutMs: number
  /** Its name as events show it. */
  readonly name: string
  readonly log: Log
}

const SWEEP_EVERY_MS = 5_000
const WAKE_AGAIN_MS = 60_000

/** Sweeps as every worker does: orders are brought back and expire also while no worker lives. */
export function startOrderSweeper({
  databaseUrl,
  redisUrl,
  callTimeoutMs,
  name,
  log,
}: OrderSweeperOptions): PeriodicTask {
  const onError = (error: Error) => log.warn({ err: error }, 'queue trouble')
  const database = openDatabase({ databaseUrl, maxConnections: 2, onError })
  const queue = openQueue({ databaseUrl, redisUrl }, onError)
  const sweeper = startSweeper(SWEEP_EVERY_MS, {
    store: createSweepStore(database),
    wake: (orderIds) => wakeOrders(queue, orderIds, WAKE_AGAIN_MS, 'swept'),
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
