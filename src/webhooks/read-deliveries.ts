import type { Database } from '../postgres/pool.ts'
import type { DeliveryState, EventKind } from './enums.ts'

/** One event to one endpoint, as people see it. */
export interface DeliverySummary {
  readonly eventId: string
  readonly kind: EventKind
  readonly at: Date
  readonly endpointId: number
  readonly partner: string
  readonly reference: string | null
  readonly sequence: number | null
  /** Null unless it is about a batch. */
  readonly batchId: number | null
  readonly state: DeliveryState
  readonly tries: number
  readonly nextAt: Date | null
  readonly httpStatus: number | null
  readonly trouble: string | null
  readonly durationMs: number | null
  readonly reply: string | null
}

/** Which deliveries to list; null fields do not narrow. The newest come first. */
export interface DeliveryFilter {
  readonly endpointId: number | null
  readonly state: DeliveryState | null
  readonly partner: string | null
  readonly limit: number
  /** The first so many are left out. */
  readonly skip: number
}

const IS_LISTED = `($1::int IS NULL OR d.endpoint_id = $1) AND ($2::text IS NULL OR d.state = $2)
      AND ($3::text IS NULL OR e.partner = $3)`

const LIST_DELIVERIES = {
  name: 'list_webhook_deliveries',
  text: `
    SELECT v.id AS "eventId", v.kind, v.at, d.endpoint_id AS "endpointId", e.partner, o.reference, d.sequence,
      v.batch_id AS "batchId", d.state, d.tries, CASE WHEN d.state = 'pending' THEN d.next_at END AS "nextAt", t.http_status AS "httpStatus", t.trouble,
      t.duration_ms AS "durationMs", t.reply
    FROM webhook_deliveries d JOIN webhook_events v ON v.id = d.event_id JOIN webhook_endpoints e ON e.id = d.endpoint_id
    LEFT JOIN orders o ON o.id = d.order_id
    LEFT JOIN LATERAL (
      SELECT * FROM webhook_tries t WHERE t.event_id = d.event_id AND t.endpoint_id = d.endpoint_id ORDER BY t.try DESC LIMIT 1
    ) t ON true
    WHERE ${IS_LISTED} ORDER BY v.at DESC, d.endpoint_id, v.id LIMIT $4 OFFSET $5`,
}

/** Lists deliveries with what came of their last try. */
export async function listDeliveries(
  database: Database,
  { endpointId, state, partner, limit, skip }: DeliveryFilter,
): Promise<DeliverySummary[]> {
  return await database.run<DeliverySummary>(LIST_DELIVERIES, [endpointId, state, partner, limit, skip])
}

const COUNT_DELIVERIES = {
  name: 'count_webhook_deliveries',
  text: `
    SELECT count(*)::int AS count FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
    WHERE ${IS_LISTED}`,
}

/** How many deliveries a filter has, also beyond its limit. */
export async function countDeliveries(
  database: Database,
  { endpointId, state, partner }: DeliveryFilter,
): Promise<number> {
  const [row] = await database.run<{ count: number }>(COUNT_DELIVERIES, [endpointId, state, partner])
  return row?.count ?? 0
}

/** One try, as people see it. */
export interface TrySummary {
  readonly endpointId: number
  readonly try: number
  readonly at: Date
  readonly durationMs: number
  readonly httpStatus: number | null
  readonly trouble: string | null
  readonly reply: string | null
}

const LIST_TRIES = {
  name: 'list_webhook_tries',
  text: `
    SELECT endpoint_id AS "endpointId", try, at, duration_ms AS "durationMs", http_status AS "httpStatus", trouble, reply
    FROM webhook_tries WHERE event_id = $1 ORDER BY endpoint_id, try`,
}

/** Lists the tries of an event at all its endpoints. */
export async function listTries(database: Database, eventId: string): Promise<TrySummary[]> {
  return await database.run<TrySummary>(LIST_TRIES, [eventId])
}

/** What to send again: one event, or an endpoint's deliveries. */
export type Replay =
  | { readonly of: 'event'; readonly eventId: string }
  | { readonly of: 'given_up'; readonly endpointId: number }
  | { readonly of: 'since'; readonly endpointId: number; readonly since: Date }

const REPLAY = {
  name: 'replay_webhook_deliveries',
  text: `
    UPDATE webhook_deliveries d SET state = 'pending', ended_at = NULL, step = 0, next_at = $5
    FROM webhook_events v, webhook_endpoints e
    WHERE v.id = d.event_id AND e.id = d.endpoint_id AND e.state <> 'removed' AND d.state <> 'pending'
      AND ($1::uuid IS NULL OR d.event_id = $1) AND ($2::int IS NULL OR d.endpoint_id = $2)
      AND (NOT $3::bool OR d.state = 'given_up') AND ($4::timestamptz IS NULL OR v.at >= $4)
    RETURNING d.endpoint_id`,
}

/** Has ended deliveries sent again, under the ids they had. @returns how many */
export async function replayDeliveries(database: Database, replay: Replay, nowMs: number): Promise<number> {
  const eventId = replay.of === 'event' ? replay.eventId : null
  const endpointId = replay.of === 'event' ? null : replay.endpointId
  const since = replay.of === 'since' ? replay.since : null
  const values = [eventId, endpointId, replay.of === 'given_up', since, new Date(nowMs)]
  return (await database.run(REPLAY, values)).length
}
