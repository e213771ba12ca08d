import { CLOCKS } from '../core/clocks.ts'
import type { Log } from '../core/log.ts'
import type { PeriodicTask } from '../core/periodic-task.ts'
import { openDatabase } from '../postgres/pool.ts'
import { type DeliverDeps, deliver } from './deliver.ts'
import { claimDelivery, readEndpointsDue } from './deliveries.ts'
import { createPost, type Post, type PostSettings } from './http-post.ts'
import { recordTry } from './record-try.ts'
import { createResolve } from './resolve.ts'
import { type SenderPace, startSender } from './sender.ts'

/**
 * Deadline of one send. The lease is much longer; when it ends without a result, because the sender froze or died, another
 * sender sends the delivery again.
 */
export const SEND_TIMEOUT_MS = 15_000
export const LEASE_MS = 60_000

const PACE: SenderPace = { lookEveryMs: 1_000, lanesPerEndpoint: 4, lanes: 64 }

export interface WebhookSenderOptions {
  readonly databaseUrl: string
  readonly allowLoopback: boolean
  readonly log: Log
  readonly pace?: SenderPace
  readonly leaseMs?: number
  readonly wire?: Partial<PostSettings>
}

/** The HTTP client that webhooks are sent with. */
export function openPost(allowLoopback: boolean, wire: Partial<PostSettings> = {}): Post {
  return createPost({
    allowLoopback,
    timeoutMs: SEND_TIMEOUT_MS,
    resolve: createResolve(),
    ...wire,
  })
}

/** Sends due deliveries to the partners' endpoints until it is stopped. Deliveries claimed by then are sent and recorded. */
export function startWebhookSender(options: WebhookSenderOptions): PeriodicTask {
  const { databaseUrl, allowLoopback, log, pace = PACE, leaseMs = LEASE_MS, wire } = options
  const { monotonicMs } = CLOCKS
  const database = openDatabase({
    databaseUrl,
    maxConnections: 8,
    onError: (error) => log.warn({ err: error }, 'idle postgres connection failed'),
  })
  const post = openPost(allowLoopback, wire)
  const record: DeliverDeps['record'] = (...recorded) => recordTry(database, ...recorded)
  const sender = startSender(pace, {
    due: () => readEndpointsDue(database),
    claim: (endpointId) => claimDelivery(database, endpointId, leaseMs),
    deliver: (claim) => deliver(claim, { post, record, monotonicMs, random: Math.random, log }),
    log,
  })
  return {
    async stop() {
      await sender.stop()
      await database.close()
    },
  }
}
