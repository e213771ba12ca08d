import type { Database } from '../postgres/pool.ts'
import type { EndpointState } from './enums.ts'

/** How far an endpoint is behind: what a metrics page shows. */
export interface WebhookLag {
  readonly endpointId: number
  readonly partner: string
  readonly state: Exclude<EndpointState, 'removed'>
  readonly pending: number
  /** Age of the oldest event that waits, in seconds; 0 when none does. */
  readonly oldestPendingSeconds: number
}

const READ_LAG = {
  name: 'read_webhook_lag',
  text: `
    SELECT e.id AS "endpointId", e.partner, e.state, count(d.event_id)::int AS pending,
      coalesce(greatest(extract(epoch FROM $1::timestamptz - min(v.at)), 0), 0)::float8 AS "oldestPendingSeconds"
    FROM webhook_endpoints e
    LEFT JOIN webhook_deliveries d ON d.endpoint_id = e.id AND d.state = 'pending'
    LEFT JOIN webhook_events v ON v.id = d.event_id
    WHERE e.state <> 'removed' GROUP BY e.id ORDER BY e.id`,
}

/** Reads how far each endpoint is behind. Costs what waits, not what was ever sent. */
export async function readWebhookLag(database: Database, nowMs: number): Promise<WebhookLag[]> {
  return await database.run<WebhookLag>(READ_LAG, [new Date(nowMs)])
}
