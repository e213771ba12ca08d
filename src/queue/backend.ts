import { createPostgresBackend, type Job, type PgPool, Queue, Worker, type WorkerOptions } from 'bullmq'
import { Redis } from 'ioredis'
import { openPool } from '../postgres/pinned-client.ts'

/** The name of the queue. BullMQ clients in any language add jobs to it. */
export const QUEUE_NAME = 'orders'

/** Where the queue lives: Redis when its URL is known, else BullMQ's own schema in Postgres. */
export interface QueueLocation {
  readonly redisUrl: string | null
  readonly databaseUrl: string | null
}

/** A job from the queue. Its data are untrusted. */
export type QueueJob = Job<unknown, unknown, string>

/** What the producer and the sweeper need of BullMQ's queue, on either backend. */
export interface OrderQueue {
  addBulk(jobs: NewJob[]): Promise<{ id?: string | undefined }[]>
  getJobCounts(): Promise<Record<string, number>>
  close(): Promise<void>
}

export interface NewJob {
  readonly name: string
  readonly data: object
  readonly opts?: {
    readonly deduplication?: { readonly id: string; readonly ttl: number }
    readonly priority?: number
    readonly telemetry?: { readonly metadata: string }
  }
}

/** A worker that takes jobs until it is closed. */
export interface QueueWorker {
  /** Takes no more jobs and waits for the running ones. */
  close(): Promise<void>
}

const ADD_WITHIN_MS = 30_000

type WorkerSettings = Omit<WorkerOptions, 'connection'>

/**
 * Opens the queue for adding jobs.
 * @param onError called with connection errors in the background, which no caller awaits
 */
export function openQueue(location: QueueLocation, onError: (error: Error) => void): OrderQueue {
  if (location.redisUrl !== null) {
    // A producer must fail when Redis is absent instead of waiting for it.
    const connection = connectRedis(location.redisUrl, { maxRetriesPerRequest: 2 }, onError)
    const queue = new Queue(QUEUE_NAME, { connection, skipWaitingForReady: true })
    queue.on('error', onError)
    return closingAlso(queue, () => connection.disconnect())
  }
  // It must also fail when Postgres stops answering: the caller may be the only scheduler.
  const pool = openQueuePool(location, 4, { query_timeout: ADD_WITHIN_MS })
  const queue = new Queue(QUEUE_NAME, { connection: pool }, createPostgresBackend)
  queue.on('error', onError)
  return closingAlso(queue, () => pool.end())
}

/** Starts a worker; see {@link openQueue} for `onError`. */
export function openWorker(
  location: QueueLocation,
  process: (job: QueueJob) => Promise<unknown>,
  settings: WorkerSettings,
  onError: (error: Error) => void,
): QueueWorker {
  if (location.redisUrl !== null) {
    const connection = connectRedis(location.redisUrl, { maxRetriesPerRequest: null }, onError)
    const worker = new Worker(QUEUE_NAME, process, { ...settings, connection })
    worker.on('error', onError)
    return closingAlso(worker, () => connection.disconnect())
  }
  const pool = openQueuePool(location, (settings.concurrency ?? 1) + 3, {})
  const worker = new Worker(QUEUE_NAME, process, { ...settings, connection: pool }, createPostgresBackend)
  worker.on('error', onError)
  return closingAlso(worker, () => pool.end())
}

function connectRedis(
  redisUrl: string,
  options: { maxRetriesPerRequest: number | null },
  onError: (error: Error) => void,
): Redis {
  const connection = new Redis(redisUrl, { ...options, connectTimeout: 5_000 })
  connection.on('error', onError)
  return connection
}

/**
 * A pool of this program's pinned sessions for BullMQ. BullMQ itself would set only its schema, and by start-up parameters,
 * which poolers refuse. One session is for LISTEN.
 */
function openQueuePool(
  { databaseUrl }: QueueLocation,
  connections: number,
  settings: { readonly query_timeout?: number },
): PgPool {
  if (databaseUrl === null) throw new Error('a queue needs a Redis or a Postgres URL')
  const pool = {
    max: Math.min(connections, 21),
    application_name: 'goldpro-queue',
    ...{ keepAlive: true, keepAliveInitialDelayMillis: 10_000, ...settings },
  }
  // BullMQ's type of a pool is narrower than pg's.
  return openPool(databaseUrl, pool, { schema: 'bullmq', statementTimeoutMs: 0 }) as unknown as PgPool
}

/** Also closes the connection, which BullMQ leaves open when it was passed in. */
function closingAlso<T extends { close(): Promise<void> }>(closable: T, then: () => void | Promise<void>): T {
  const close = closable.close.bind(closable)
  closable.close = async () => {
    await close()
    await then()
  }
  return closable
}
