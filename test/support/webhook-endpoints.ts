import { Webhook } from 'standardwebhooks'
import { vi } from 'vitest'
import type { Log } from '../../src/core/log.ts'
import type { Database } from '../../src/postgres/pool.ts'
import { type DeliverDeps, deliver } from '../../src/webhooks/deliver.ts'
import { claimDelivery, readEndpointsDue, recordTry } from '../../src/webhooks/deliveries.ts'
import { ENDPOINT_KINDS } from '../../src/webhooks/enums.ts'
import type { Post } from '../../src/webhooks/http-post.ts'
import { newSecret } from '../../src/webhooks/signing.ts'
import { LEASE_MS, openPost } from '../../src/webhooks/start-sender.ts'
import { silentLog } from './effects.ts'
import type { ReceivedRequest } from './http-server.ts'
import { oneRow, type openStores, outcomes } from './stored-orders.ts'

export interface TestEndpoint {
  readonly id: number
  readonly secret: string
}

/** An endpoint of the partner that the tests' orders belong to. */
export async function anEndpoint(
  database: Database,
  url: string,
  { partner = 'acme', kinds = ENDPOINT_KINDS as readonly string[] } = {},
): Promise<TestEndpoint> {
  const secret = newSecret()
  const { id } = await oneRow<{ id: number }>(
    database,
    `INSERT INTO webhook_endpoints (partner, url, kinds, secret, created_by) VALUES ($1, $2, $3, $4, 'test') RETURNING id`,
    [partner, url, kinds, secret],
  )
  return { id, secret }
}

/** Moves an order out of doubt by a late reply. */
export async function endDoubt({ database, store }: ReturnType<typeof openStores>, orderId: string) {
  const attempt = await oneRow<{ seq: number; intentId: string }>(
    database,
    `SELECT seq, intent_id AS "intentId" FROM attempts WHERE order_id = $1`,
    [orderId],
  )
  const { executed, reply } = outcomes.succeeded
  await store.settle([
    { orderId, executed, reason: 'late_reply', actor: 'worker:test', detail: attempt, reply },
  ])
}

/** What a receiver got, as the official library verifies it at the time it was sent; throws when it does not. */
export function verified(request: ReceivedRequest, secret: string, nowMs = Date.now()): WebhookMessage {
  vi.useFakeTimers({ toFake: ['Date'], now: nowMs })
  try {
    return new Webhook(secret).verify(
      request.body,
      request.headers as Record<string, string>,
    ) as WebhookMessage
  } finally {
    vi.useRealTimers()
  }
}

export interface WebhookMessage {
  readonly type: string
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Sends all that is due at the clock's time, one after the other, as a sender with one lane would. */
export async function sendDue(
  database: Database,
  { now, log = silentLog, post = openPost(true) }: { now(): number; log?: Log; post?: Post },
): Promise<number> {
  let sent = 0
  for (const { endpointId } of await readEndpointsDue(database, now()))
    for (;;) {
      const claim = await claimDelivery(database, endpointId, now(), LEASE_MS)
      if (claim === null) break
      sent += 1
      const record: DeliverDeps['record'] = (...taken) => recordTry(database, ...taken)
      await deliver(claim, { post, record, now, random: () => 0.5, log })
    }
  return sent
}
