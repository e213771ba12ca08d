import { Webhook } from 'standardwebhooks'
import { vi } from 'vitest'
import { CLOCKS } from '../../../src/core/clocks.ts'
import type { Log } from '../../../src/core/log.ts'
import type { Database } from '../../../src/postgres/pool.ts'
import { type DeliverDeps, deliver } from '../../../src/webhooks/deliver.ts'
import { claimDelivery, readEndpointsDue } from '../../../src/webhooks/deliveries.ts'
import { ENDPOINT_KINDS } from '../../../src/webhooks/enums.ts'
import type { Post } from '../../../src/webhooks/http-post.ts'
import { recordTry } from '../../../src/webhooks/record-try.ts'
import { newSecret } from '../../../src/webhooks/signing.ts'
import { LEASE_MS, openPost } from '../../../src/webhooks/start-sender.ts'
import { silentLog } from '../deps.ts'
import { oneRow, type openStores, outcomes } from '../factories/stored-orders.ts'
import type { ReceivedRequest } from '../servers/http-server.ts'
import { unnamed } from '../unnamed.ts'

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

/** Sends all that is due, one after the other, as a sender with one lane would. */
export async function sendDue(
  database: Database,
  { log = silentLog, post = openPost(true) }: { log?: Log; post?: Post } = {},
): Promise<number> {
  let sent = 0
  const { monotonicMs } = CLOCKS
  for (const { endpointId } of await readEndpointsDue(database))
    for (;;) {
      const claim = await claimDelivery(database, endpointId, LEASE_MS)
      if (claim === null) break
      sent += 1
      const record: DeliverDeps['record'] = (...recorded) => recordTry(database, ...recorded)
      await deliver(claim, { post, record, monotonicMs, random: () => 0.5, log })
    }
  return sent
}

/** Lets time pass for webhooks, whose times are the database's: what is stored becomes so much older. */
export async function passTime(database: Database, ms: number): Promise<void> {
  const text = `
    WITH passed AS (SELECT $1::float8 * interval '1 millisecond' AS time),
    moved AS (UPDATE webhook_deliveries SET next_at = next_at - time FROM passed WHERE state = 'pending')
    UPDATE webhook_endpoints SET failing_since = failing_since - time, previous_until = previous_until - time FROM passed`
  await database.run(unnamed(text), [ms])
}

/** Runs the work while the process' clock is wrong by so much. */
export async function withClockOff<T>(byMs: number, work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + byMs })
  try {
    return await work()
  } finally {
    vi.useRealTimers()
  }
}
