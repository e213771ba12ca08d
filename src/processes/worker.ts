import { setMaxListeners } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { BreakerRules } from '../breaker/rules.ts'
import { type RunningBreaker, startBreaker } from '../breaker/start-breaker.ts'
import { CLOCKS } from '../core/clocks.ts'
import type { Log } from '../core/log.ts'
import type { Rupiah } from '../core/money.ts'
import { newOrderId } from '../core/new-id.ts'
import { NO_TRACES, type Traces } from '../core/traces.ts'
import { sendDeadlineMs } from '../orders/deps.ts'
import type { OrderGateway } from '../orders/gateway-port.ts'
import type { OrderStore } from '../orders/ports.ts'
import { coalescedStore } from '../orders/store/coalesced-store.ts'
import { createOrderStore } from '../orders/store/order-store.ts'
import { createSweepStore } from '../orders/store/sweeps.ts'
import { SWEEP_LIMIT } from '../orders/sweep.ts'
import { type Database, openDatabase } from '../postgres/pool.ts'
import { openQueue } from '../queue/backend.ts'
import { keepRejectedJob } from '../queue/keep-rejected-job.ts'
import { createLaneWaker } from '../queue/lane-waker.ts'
import { startOrderWorker, startSweeper, wakeOrders } from '../queue/order-worker.ts'
import { type JobCounts, NOT_COUNTED } from '../queue/watched-order.ts'
import { rememberDatabase } from '../recovery/store.ts'
import { createOrderSwitches, createSwitchSweep } from '../switches/order-switches.ts'

/** The configuration and dependencies of a worker process. */
export interface WorkerOptions {
  readonly databaseUrl: string
  /** Null: the queue is in the database too. */
  readonly redisUrl: string | null
  readonly gateway: OrderGateway
  /** Wall-clock deadline of one gateway call; the send deadline is computed from it. */
  readonly callTimeoutMs: number
  readonly concurrency: number
  readonly ratePerSecond: number | null
  readonly maxRequotes: number
  readonly quoteMaxAgeMs: number
  /** A quote with a larger fee is not confirmed; unset or null: no bound. */
  readonly maxQuoteFee?: Rupiah | null
  /** Whether debits of a wallet wait while an order of it is in doubt. Default: they do. */
  readonly debitsDuringDoubt?: 'wait' | 'continue'
  /** When it closes a switch by itself; unset or null: never. */
  readonly breaker?: BreakerRules | null
  /** The worker's name as events show it. */
  readonly name: string
  readonly log: Log
  /** Default: none. */
  readonly traces?: Traces
  /** Default: nothing is counted. */
  readonly counts?: JobCounts
  /** How often it sweeps, and when BullMQ counts a worker as dead. Tests of crashes shorten both. */
  readonly pace?: {
    readonly sweepEveryMs: number
    readonly wakeAgainMs: number
    readonly lockDurationMs: number
  }
  /** Wraps the store. Tests of crashes stop the process in it. */
  readonly aroundStore?: (store: OrderStore) => OrderStore
}

const PACE = { sweepEveryMs: 5_000, wakeAgainMs: 60_000, lockDurationMs: 30_000 }

export interface RunningWorker {
  /** Takes no more orders, lets sent confirms finish, and returns when all is closed, within the send deadline. */
  stop(): Promise<void>
}

/** Starts a worker: orders from the queue, through the gateway, into Postgres; and its sweeper. */
export function startWorker(options: WorkerOptions): RunningWorker {
  const stopping = new AbortController()
  // Each pausing order adds a listener; more than ten are not a leak.
  setMaxListeners(0, stopping.signal)
  const parts = openParts(options)
  const worker = startOrders(options, parts, stopping.signal)
  const sweeper = startSweeps(options, parts)
  const { breaker, lanes, queue, database } = parts
  return {
    async stop() {
      stopping.abort()
      await Promise.all([worker.close(), sweeper.stop(), breaker?.stop()])
      await lanes.stop()
      await Promise.all([queue.close(), database.close()])
    },
  }
}

/** What the orders and the sweeper of one worker share. */
type WorkerParts = ReturnType<typeof openParts>

function openParts(options: WorkerOptions) {
  const { log, pace = PACE } = options
  const database = openWorkerDatabase(options)
  const queue = openQueue(options, (error) => log.warn({ err: error }, 'queue error'))
  const sweeps = createSweepStore(database)
  // Once for each time that their turn comes, and as soon as a partner's own job: they have waited.
  const wakeNext = (orderIds: readonly string[]) => wakeOrders(queue, orderIds, null)
  const lanes = createLaneWaker({
    take: () => sweeps.takeTurns(pace.wakeAgainMs, SWEEP_LIMIT),
    wake: wakeNext,
    onError: (error) => log.warn({ err: error }, 'next orders not woken: the sweeper will'),
  })
  const breaker = startConfiguredBreaker(options, database, (orderIds) =>
    wakeOrders(queue, orderIds, pace.wakeAgainMs),
  )
  return { database, queue, sweeps, wakeNext, lanes, breaker }
}

function startOrders(options: WorkerOptions, parts: WorkerParts, stopping: AbortSignal) {
  const { log, pace = PACE, aroundStore = (store: OrderStore) => store } = options
  const { database, lanes, breaker } = parts
  const store = aroundStore(
    createOrderStore(database, { debitsWait: options.debitsDuringDoubt !== 'continue' }),
  )
  const { concurrency, ratePerSecond } = options
  return startOrderWorker(
    options,
    { concurrency, ratePerSecond, lockDurationMs: pace.lockDurationMs },
    {
      store: coalescedStore(breaker?.watch(store) ?? store),
      gateway: options.gateway,
      switches: createOrderSwitches(database, CLOCKS.monotonicMs),
      policy: {
        maxRequotes: options.maxRequotes,
        quoteMaxAgeMs: options.quoteMaxAgeMs,
        maxQuoteFee: options.maxQuoteFee ?? null,
        sendDeadlineMs: sendDeadlineMs(options.callTimeoutMs),
      },
      actor: `worker:${options.name}`,
      ...CLOCKS,
      random: Math.random,
      newId: newOrderId,
      pause: (ms) => wait(ms, undefined, { signal: stopping }).catch(() => {}),
      stopping,
      log,
      traces: options.traces ?? NO_TRACES,
      counts: options.counts ?? NOT_COUNTED,
      laneLeft: () => lanes.laneLeft(),
      keepRejected: (job) => keepRejectedJob(database, job),
    },
  )
}

function startSweeps({ log, name, callTimeoutMs, pace = PACE }: WorkerOptions, parts: WorkerParts) {
  const { database, queue, sweeps, wakeNext } = parts
  return startSweeper(pace.sweepEveryMs, {
    store: sweeps,
    switches: createSwitchSweep(database, () => rememberDatabase(database)),
    // With a lower priority than partners' own jobs, because these may be orders of batches.
    wake: (orderIds) => wakeOrders(queue, orderIds, pace.wakeAgainMs, 'swept'),
    wakeNext,
    sendDeadlineMs: sendDeadlineMs(callTimeoutMs),
    wakeAgainMs: pace.wakeAgainMs,
    actor: `sweeper:${name}`,
    log,
  })
}

function startConfiguredBreaker(
  { breaker, log }: WorkerOptions,
  database: Database,
  wake: (orderIds: readonly string[]) => Promise<void>,
): RunningBreaker | null {
  if (breaker == null) return null
  return startBreaker({ database, rules: breaker, wake, monotonicMs: CLOCKS.monotonicMs, log })
}

function openWorkerDatabase({ databaseUrl, concurrency, log }: WorkerOptions): Database {
  return openDatabase({
    databaseUrl,
    // A worker waits for the gateway most of the time, so orders share connections.
    maxConnections: Math.min(concurrency + 2, 20),
    plans: 'by_key',
    onError: (error) => log.warn({ err: error }, 'postgres error'),
  })
}
