import { and, asc, eq, sql } from 'drizzle-orm'
import type { Database } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import type { EndpointState } from './enums.ts'
import {
  webhookDeliveries as deliveries,
  webhookEndpoints as endpoints,
  webhookEvents as events,
} from './schema.ts'

/** How far an endpoint is behind, for the metrics page. */
export interface WebhookLag {
  readonly endpointId: number
  readonly partner: string
  readonly state: Exclude<EndpointState, 'removed'>
  readonly pending: number
  /** Age of the oldest pending event in seconds; 0 when none is pending. */
  readonly oldestPendingSeconds: number
}

const selectLag = statement('read_webhook_lag', {}, (db) =>
  db
    .select({
      endpointId: endpoints.id,
      partner: endpoints.partner,
      state: sql<WebhookLag['state']>`${endpoints.state}`,
      pending: sql<number>`count(${deliveries.eventId})::int`,
      oldestPendingSeconds: sql<number>`coalesce(greatest(extract(epoch from now() - min(${events.at})), 0), 0)::float8`,
    })
    .from(endpoints)
    .leftJoin(deliveries, and(eq(deliveries.endpointId, endpoints.id), sql`${deliveries.state} = 'pending'`))
    .leftJoin(events, eq(events.id, deliveries.eventId))
    .where(sql`${endpoints.state} <> 'removed'`)
    .groupBy(endpoints.id)
    .orderBy(asc(endpoints.id)),
)

/** Reads how far each endpoint is behind. Its cost grows with what is pending, not with what was ever sent. */
export async function readWebhookLag(database: Database): Promise<WebhookLag[]> {
  return await selectLag(database, {})
}
