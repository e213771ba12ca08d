import type { Telemetry } from 'bullmq'
import { type PeriodicTask, runEvery } from '../core/periodic-task.ts'
import { type SweepDeps, sweepOrders } from '../orders/sweep.ts'
import {
  type OrderQueue,
  openWorker,
  type QueueJob,
  type QueueLocation,
  type QueueWorker,
} from './backend.ts'
import { WAKE_JOB } from './job.ts'
import { answerQueue, letOrderDecideRetries, retryDelay } from './job-result.ts'
import { type JobDeps, processJob } from './process-job.ts'

export interface OrderWorkerSettings {
  readonly concurrency: number
  /** Orders started per second over all workers of this queue; null when unlimited. */
  readonly ratePerSecond: number | null
  /** BullMQ's job lock: a worker that does not renew it for this long counts as dead. */
  readonly lockDurationMs?: number
}

const FAILED_S = 7 * 86_400

/** How long ended jobs are kept, for whoever waits for one. The order is the record. */
const KEPT_IN_REDIS = {
  removeOnComplete: { count: 1_000, age: 3_600 },
  removeOnFail: { count: 10_000, age: FAILED_S },
}

/**
 * Without a number of jobs: to keep so many, BullMQ has Postgres sort them all whenever one ends, which took more than half
 * of the CPU that an order cost there.
 */
const KEPT_IN_POSTGRES = { removeOnComplete: { age: 60 }, removeOnFail: { age: FAILED_S } }

/**
 * Starts taking orders from the queue. BullMQ runs stalled jobs again any number of times, which is harmless (I1, I2 in
 * `orders/execute.ts`).
 */
export function startOrderWorker(
  location: QueueLocation,
  settings: OrderWorkerSettings,
  deps: JobDeps,
): QueueWorker {
  const { concurrency, ratePerSecond, lockDurationMs = 30_000 } = settings
  const { ofQueue } = deps.traces
  const take = async (job: QueueJob) => {
    letOrderDecideRetries(job.opts)
    return answerQueue(await processJob(job, deps))
  }
  const options = {
    concurrency,
    lockDuration: lockDurationMs,
    stalledInterval: lockDurationMs,
    maxStalledCount: 1_000,
    runRetryDelay: 1_000,
    ...(location.redisUrl === null ? KEPT_IN_POSTGRES : KEPT_IN_REDIS),
    settings: { backoffStrategy: retryDelay },
    // Opaque to core: `observability/` creates it.
    ...(ofQueue === null ? {} : { telemetry: ofQueue as Telemetry }),
    ...(ratePerSecond === null ? {} : { limiter: { max: ratePerSecond, duration: 1_000 } }),
  }
  return openWorker(location, take, options, (error) => deps.log.warn({ err: error }, 'queue error'))
}

/** BullMQ's priorities: 0 comes first, and is that of partners' own jobs. */
export const PRIORITIES = { interactive: 0, swept: 1, batch: 10 } as const

/**
 * Adds jobs that wake stored orders. Repeating it within `ttlMs` adds nothing; null: it adds a job each time.
 * @param carriers the trace of each order's request, which the order's job continues
 */
export async function wakeOrders(
  queue: OrderQueue,
  orderIds: readonly string[],
  ttlMs: number | null,
  urgency: keyof typeof PRIORITIES = 'interactive',
  carriers: ReadonlyMap<string, string | null> = new Map(),
): Promise<void> {
  const jobs = orderIds.map((orderId) => {
    const metadata = carriers.get(orderId) ?? null
    const once = ttlMs === null ? {} : { deduplication: { id: orderId, ttl: ttlMs } }
    const opts = { ...once, priority: PRIORITIES[urgency] }
    return {
      name: WAKE_JOB,
      data: { orderId },
      opts: metadata === null ? opts : { ...opts, telemetry: { metadata } },
    }
  })
  await queue.addBulk(jobs)
}

/** Sweeps until stopped. Errors are logged, and the next sweep tries again. */
export function startSweeper(everyMs: number, deps: SweepDeps): PeriodicTask {
  const sweep = async () => {
    const swept = await sweepOrders(deps)
    if (swept.doubted + swept.expired + swept.woken > 0) deps.log.info(swept, 'swept')
  }
  return runEvery(everyMs, sweep, (error) => deps.log.warn({ err: error }, 'sweep failed'))
}
