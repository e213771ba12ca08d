import type { Database } from '../../../src/postgres/pool.ts'
import { unnamed } from '../unnamed.ts'
import { oneRow } from './stored-orders.ts'

export interface PastWebhook {
  readonly endpointId: number
  /** How many days ago it happened and, unless it still waits, ended. */
  readonly days: number
  readonly endedDays?: number
  readonly state?: 'delivered' | 'given_up' | 'pending'
  readonly orderId?: string
  readonly sequence?: number
}

/** Writes an event of the past with its delivery and one try, as they would have been written then. */
export async function aPastWebhook(database: Database, past: PastWebhook): Promise<string> {
  const { endpointId, days, state = 'delivered', orderId = null, sequence = 1 } = past
  const endedDays = state === 'pending' ? null : (past.endedDays ?? days)
  const { id } = await oneRow<{ id: string }>(
    database,
    `WITH event AS (
       INSERT INTO webhook_events (kind, at, order_id, order_event_id, sequence)
       SELECT CASE WHEN $3::uuid IS NULL THEN 'webhook.test' ELSE 'order.in_doubt' END, now() - make_interval(days => $2),
         $3, CASE WHEN $3::uuid IS NOT NULL THEN 1 END, CASE WHEN $3::uuid IS NOT NULL THEN $4::int END
       RETURNING *
     ), delivery AS (
       INSERT INTO webhook_deliveries (endpoint_id, event_id, order_id, sequence, state, next_at, tries, ended_at)
       SELECT $1, id, order_id, sequence, $5, at, 1, now() - make_interval(days => $6::int) FROM event
     )
     SELECT id FROM event`,
    [endpointId, days, orderId, sequence, state, endedDays],
  )
  const text = `INSERT INTO webhook_tries (event_id, endpoint_id, try, at, duration_ms, http_status) VALUES ($1, $2, 1, now(), 1, 200)`
  await database.run(unnamed(text), [id, endpointId])
  return id
}
