import type { Log } from '../core/log.ts'
import type { PeriodicTask } from '../core/periodic-task.ts'
import { openDatabase } from '../postgres/pool.ts'
import { deliver } from './deliver.ts'
import { claimDelivery, readEndpointsDue, recordTry } from './deliveries.ts'
import { createPost, type Post, type PostSettings } from './http-post.ts'
import { createResolve } from './resolve.ts'
import { type SenderPace, startSender } from './sender.ts'

/** Wall-clock deadline of one send. The lease is longer by far: a frozen sender's delivery is sent again after it. */
export const SEND_TIMEOUT_MS = 15_000
export const LEASE_MS = 60_000

const PACE: SenderPace = { lookEveryMs: 1_000, lanesPerEndpoint: 4, lanes: 64 }

/** Everything a webhook sender is made of. */
export interface WebhookSenderOptions {
  readonly databaseUrl: string
  readonly allowLoopback: boolean
  readonly log: Log
  readonly now?: () => number
  readonly pace?: SenderPace
  readonly leaseMs?: number
  readonly wire?: Partial<PostSettings>
}

/** How webhooks leave this machine. */
export function openPost(allowLoopback: boolean, wire: Partial<PostSettings> = {}): Post {
  return createPost({
    allowLoopback,
    timeoutMs: SEND_TIMEOUT_MS,
    resolve: createResolve(),
    ...wire,
  })
}

/** Sends what is due to the partners' endpoints until it is stopped; what was taken by then is sent and recorded. */
export function startWebhookSender(parts: WebhookSenderOptions): PeriodicTask {
  const { databaseUrl, allowLoopback, log, now = Date.now, pace = PACE, leaseMs = LEASE_MS, wire } = parts
  const database = openDatabase({
    databaseUrl,
    maxConnections: 8,
    onError: (error) => log.warn({ err: error }, 'postgres trouble'),
  })
  const post = openPost(allowLoopback, wire)
  const sender = startSender(pace, {
    due: () => readEndpointsDue(database, now()),
    claim: (endpointId) => claimDelivery(database, endpointId, now(), leaseMs),
    deliver: (claim) =>
      deliver(claim, {
        ...{ post, now, random: Math.random, log },
        record: (...taken) => recordTry(database, ...taken),
      }),
    log,
  })
  return {
    async stop() {
      await sender.stop()
      await database.close()
    },
  }
}
