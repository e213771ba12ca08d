import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { feedBatches, prepareFeeding } from './batches/feed.ts'
import { createOrderStore } from './db/order-store.ts'
import { type Database, openDatabase } from './db/pool.ts'
import { keepRejectedJob } from './db/rejected-jobs.ts'
import { withSession } from './db/session.ts'
import { createSweepStore } from './db/sweeps.ts'
import { timeOrderedId } from './domain/id.ts'
import { type OrderLog, sendDeadlineMs } from './orders/effects.ts'
import type { OrderGateway } from './orders/gateway-port.ts'
import type { OrderStore } from './orders/ports.ts'
import { openQueue, type QueueLocation } from './queue/backend.ts'
import { startOrderWorker, startSweeper, wakeOrders } from './queue/order-worker.ts'
import { type DailyOutcome, reconcileDueDays } from './reconciliation/daily.ts'
import { DEFAULT_RECON_SETTINGS } from './reconciliation/settings.ts'
import { type Repeating, repeat } from './repeat.ts'

/** Everything a worker process is made of. */
export interface WorkerParts {
  readonly databaseUrl: string
  /** Null: the queue lives in the database too. */
  readonly redisUrl: string | null
  readonly gateway: OrderGateway
  /** Wall-clock deadline of one gateway call, which the send deadline follows from. */
  readonly callTimeoutMs: number
  readonly concurrency: number
  readonly ratePerSecond: number | null
  readonly maxRequotes: number
  readonly quoteMaxAgeMs: number
  /** The worker's name as events show it. */
  readonly name: string
  readonly log: OrderLog
  /** How often it sweeps, and when BullMQ takes a silent worker for dead. Tests of crashes shorten both. */
  readonly pace?: {
    readonly sweepEveryMs: number
    readonly wakeAgainMs: number
    readonly lockDurationMs: number
  }
  /** Puts something between the worker and its store. Tests of crashes stop the process there. */
  readonly aroundStore?: (store: OrderStore) => OrderStore
}

const newOrderId = () => timeOrderedId(Date.now(), randomBytes(10))

const PACE = { sweepEveryMs: 5_000, wakeAgainMs: 60_000, lockDurationMs: 30_000 }

export interface RunningWorker {
  /** Takes no more orders, lets sent confirms finish, and returns when all is closed: within the send deadline. */
  stop(): Promise<void>
}

/** Starts a worker: orders from the queue, through the gateway, into Postgres; and its sweeper. */
export function startWorker(parts: WorkerParts): RunningWorker {
  const { log, pace = PACE, aroundStore = (store: OrderStore) => store } = parts
  const location: QueueLocation = { redisUrl: parts.redisUrl, databaseUrl: parts.databaseUrl }
  const database = openWorkerDatabase(parts)
  const stopping = new AbortController()
  const actor = `worker:${parts.name}`
  const policy = {
    maxRequotes: parts.maxRequotes,
    quoteMaxAgeMs: parts.quoteMaxAgeMs,
    sendDeadlineMs: sendDeadlineMs(parts.callTimeoutMs),
  }
  const worker = startOrderWorker(
    location,
    {
      concurrency: parts.concurrency,
      ratePerSecond: parts.ratePerSecond,
      lockDurationMs: pace.lockDurationMs,
    },
    {
      store: aroundStore(createOrderStore(database)),
      gateway: parts.gateway,
      policy,
      actor,
      now: Date.now,
      random: Math.random,
      newId: newOrderId,
      pause: (ms) => wait(ms, undefined, { signal: stopping.signal }).catch(() => {}),
      stopping: stopping.signal,
      log,
      keepRejected: (job) => keepRejectedJob(database, job),
    },
  )
  const queue = openQueue(location, (error) => log.warn({ err: error }, 'queue trouble'))
  const sweeper = startSweeper(pace.sweepEveryMs, {
    store: createSweepStore(database),
    // After partners' own jobs: an order of a batch that waits in a busy queue must not come before them.
    wake: (orderIds) => wakeOrders(queue, orderIds, pace.wakeAgainMs, 'swept'),
    sendDeadlineMs: policy.sendDeadlineMs,
    wakeAgainMs: pace.wakeAgainMs,
    actor: `sweeper:${parts.name}`,
    log,
  })
  return {
    async stop() {
      stopping.abort()
      await Promise.all([worker.close(), sweeper.stop()])
      await Promise.all([queue.close(), database.close()])
    },
  }
}

function openWorkerDatabase({ databaseUrl, concurrency, log }: WorkerParts): Database {
  return openDatabase({
    databaseUrl,
    // A worker waits for the gateway most of the time, so orders share connections.
    maxConnections: Math.min(concurrency + 2, 20),
    onError: (error) => log.warn({ err: error }, 'postgres trouble'),
  })
}

/** Everything a scheduler is made of. */
export interface ReconSchedulerParts {
  readonly databaseUrl: string
  /** `HH:MM` in Jakarta. */
  readonly dailyAt: string
  readonly lagMs: number
  /** Its name as runs show it. */
  readonly name: string
  readonly log: OrderLog
  readonly now?: () => Date
  readonly everyMs?: number
}

const SCHEDULE_EVERY_MS = 30_000
const REMIND_EVERY_MS = 3_600_000

/** Reconciles the days that are due, and says which statements are overdue. */
export function startReconScheduler(parts: ReconSchedulerParts): Repeating {
  const {
    databaseUrl,
    dailyAt,
    lagMs,
    name,
    log,
    now = () => new Date(),
    everyMs = SCHEDULE_EVERY_MS,
  } = parts
  const remindedAtMs = new Map<string, number>()
  const tell = (outcome: DailyOutcome, nowMs: number) => {
    const { day } = outcome
    switch (outcome.is) {
      case 'reconciled':
        return log.info({ day, run: outcome.result.runId, ...outcome.result.counts }, 'reconciled')
      case 'reconciled_by_another':
        return log.debug({ day }, 'reconciled by another scheduler')
      case 'statement_overdue':
        if (nowMs - (remindedAtMs.get(day) ?? Number.NEGATIVE_INFINITY) < REMIND_EVERY_MS) return
        remindedAtMs.set(day, nowMs)
        return log.warn({ day, sources: outcome.sources }, 'statement overdue: import it')
    }
  }
  const work = async () => {
    const request = {
      ...{ now: now(), dailyAt, actor: `scheduler:${name}` },
      settings: { ...DEFAULT_RECON_SETTINGS, lagMs },
    }
    const outcomes = await withSession(databaseUrl, (session) => reconcileDueDays(session, request))
    for (const outcome of outcomes) tell(outcome, request.now.getTime())
  }
  return repeat(everyMs, work, (error) => log.warn({ err: error }, 'schedule not kept, tried again'))
}

/** Everything a feeder of batches is made of. */
export interface BatchFeederParts {
  readonly databaseUrl: string
  /** Null: the queue lives in the database too. */
  readonly redisUrl: string | null
  /** Its name as events show it. */
  readonly name: string
  readonly log: OrderLog
  readonly everyMs?: number
}

const FEED_EVERY_MS = 500
/** Waking an order again within this time adds no job. */
const FEED_AGAIN_MS = 5_000

/** Feeds running batches, and starts those whose time has come. Any number may run: none leads. */
export function startBatchFeeder(parts: BatchFeederParts): Repeating {
  const { databaseUrl, redisUrl, name, log, everyMs = FEED_EVERY_MS } = parts
  const queue = openQueue({ redisUrl, databaseUrl }, (error) => log.warn({ err: error }, 'queue trouble'))
  const stopping = new AbortController()
  const effects = {
    newId: newOrderId,
    wake: (orderIds: readonly string[]) => wakeOrders(queue, orderIds, FEED_AGAIN_MS, 'batch'),
    actor: `feeder:${name}`,
    log,
  }
  const work = () =>
    withSession(databaseUrl, async (session) => {
      await prepareFeeding(session)
      while (!stopping.signal.aborted) {
        await feedBatches(session, effects)
        await wait(everyMs, undefined, { signal: stopping.signal }).catch(() => {})
      }
    })
  const feeding = repeat(everyMs, work, (error) => log.warn({ err: error }, 'batches not fed, tried again'))
  return {
    async stop() {
      stopping.abort()
      await feeding.stop()
      await queue.close()
    },
  }
}
