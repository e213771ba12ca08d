import type { Database } from '../postgres/pool.ts'
import { PAUSE_AFTER_TRIES } from './backoff.ts'
import type { DeliveryState, PauseReason } from './enums.ts'
import type { EventFacts } from './message.ts'

/** A delivery that this sender has taken: nobody else takes it before the lease is over. */
export interface Claim extends EventFacts {
  readonly endpointId: number
  readonly url: string
  readonly secrets: readonly string[]
  /** The number of this try; only its holder may say what came of it. */
  readonly try: number
  readonly step: number
}

/** What came of a try, and what follows. */
export interface TryResult {
  readonly atMs: number
  readonly durationMs: number
  readonly httpStatus: number | null
  readonly trouble: string | null
  readonly reply: string | null
  readonly following:
    | { readonly is: Exclude<DeliveryState, 'pending'> }
    | { readonly is: 'pending'; readonly nextAtMs: number }
  /** The endpoint is paused for good: it said that it is gone. */
  readonly isGone: boolean
}

/** What became of the endpoint; null when nothing did. */
export interface EndpointPaused {
  readonly pausedBecause: PauseReason
  readonly failingSince: Date
}

const ENDPOINTS_DUE = {
  name: 'webhook_endpoints_due',
  text: `
    SELECT e.id AS "endpointId", e.failing_since IS NOT NULL AS "isFailing" FROM webhook_endpoints e
    WHERE e.state = 'active' AND EXISTS (
      SELECT 1 FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.state = 'pending' AND d.next_at <= $1)
    ORDER BY e.id`,
}

/** Active endpoints that something is due for. */
export async function readEndpointsDue(
  database: Database,
  nowMs: number,
): Promise<{ endpointId: number; isFailing: boolean }[]> {
  return await database.run(ENDPOINTS_DUE, [new Date(nowMs)])
}

/** What a claimed delivery says, and how it is signed. */
const CLAIMED_COLUMNS = `
  c.endpoint_id AS "endpointId", c.tries AS try, c.step, e.url,
  array_remove(ARRAY[e.secret, CASE WHEN e.previous_until > $2 THEN e.previous_secret END], NULL) AS secrets,
  v.id AS "eventId", v.kind, v.at, v.sequence,
  CASE WHEN o.order_id IS NOT NULL THEN jsonb_build_object(
    'orderId', o.order_id, 'partner', o.partner, 'reference', o.reference, 'kind', o.kind,
    'state', x.to_state, 'reason', x.reason, 'acceptedAt', o.accepted_at,
    'executed', CASE x.to_state WHEN 'succeeded' THEN jsonb_build_object(
      'gold_weight', o.gold_weight::text, 'amount', o.amount::text, 'fee', o.fee::text,
      'session_id', o.session_id, 'response_id', o.response_id) END) END AS "order",
  CASE WHEN b.id IS NOT NULL THEN jsonb_build_object(
    'batchId', b.id, 'fileName', b.file_name, 'finishedAt', b.ended_at, 'counts', v.counts) END AS batch`

const CLAIMED_SOURCES = `
  FROM claimed c JOIN webhook_endpoints e ON e.id = c.endpoint_id JOIN webhook_events v ON v.id = c.event_id
  LEFT JOIN order_events x ON x.id = v.order_event_id LEFT JOIN ops.orders o ON o.order_id = v.order_id
  LEFT JOIN batches b ON b.id = v.batch_id`

// SKIP LOCKED: two senders take different deliveries. An order's next event waits until the one before has ended;
// + 0 has that looked up by the order: without statistics Postgres would read the endpoint's whole backlog for it.
const CLAIM_DELIVERY = {
  name: 'claim_webhook_delivery',
  text: `
    WITH picked AS (
      SELECT d.event_id, d.endpoint_id FROM webhook_deliveries d
      WHERE d.endpoint_id = $1 AND d.state = 'pending' AND d.next_at <= $2
        AND EXISTS (SELECT 1 FROM webhook_endpoints a WHERE a.id = $1 AND a.state = 'active')
        AND NOT EXISTS (
          SELECT 1 FROM webhook_deliveries b WHERE b.order_id = d.order_id AND b.endpoint_id + 0 = d.endpoint_id
            AND b.sequence < d.sequence AND b.state = 'pending')
      ORDER BY d.next_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ), claimed AS (
      UPDATE webhook_deliveries d SET tries = d.tries + 1, next_at = $3
      FROM picked p WHERE d.event_id = p.event_id AND d.endpoint_id = p.endpoint_id
      RETURNING d.*
    )
    SELECT ${CLAIMED_COLUMNS} ${CLAIMED_SOURCES}`,
}

/** Takes the endpoint's delivery that is due longest; null when none is. It comes back when the lease is over. */
export async function claimDelivery(
  database: Database,
  endpointId: number,
  nowMs: number,
  leaseMs: number,
): Promise<Claim | null> {
  const values = [endpointId, new Date(nowMs), new Date(nowMs + leaseMs)]
  const [claim] = await database.run<Claim>(CLAIM_DELIVERY, values)
  return claim ?? null
}

const CLAIM_TEST = {
  name: 'claim_webhook_test',
  text: `
    WITH event AS (
      INSERT INTO webhook_events (kind, at) SELECT 'webhook.test', $2
      WHERE EXISTS (SELECT 1 FROM webhook_endpoints WHERE id = $1 AND state <> 'removed')
      RETURNING *
    ), claimed AS (
      INSERT INTO webhook_deliveries (endpoint_id, event_id, tries, next_at) SELECT $1, id, 1, $3 FROM event RETURNING *
    )
    SELECT ${CLAIMED_COLUMNS} ${CLAIMED_SOURCES.replace('webhook_events v', 'event v')}`,
}

/** Writes a test event for an endpoint, already taken; null when there is no such endpoint. */
export async function claimTest(
  database: Database,
  endpointId: number,
  nowMs: number,
  leaseMs: number,
): Promise<Claim | null> {
  const values = [endpointId, new Date(nowMs), new Date(nowMs + leaseMs)]
  const [claim] = await database.run<Claim>(CLAIM_TEST, values)
  return claim ?? null
}

/** Why this try pauses the endpoint; null when it does not. A test (no pause time) says nothing about an endpoint. */
const PAUSED_BECAUSE = `
  CASE WHEN e.state <> 'active' OR $9::text = 'delivered' OR $12::float8 IS NULL THEN NULL
    WHEN $11::bool THEN 'gone'
    WHEN $3::int >= ${PAUSE_AFTER_TRIES} AND e.failing_since <= $4::timestamptz - $12::float8 * interval '1 millisecond' THEN 'failing' END`

// A sender that lost its lease keeps its try, for it was sent, but says nothing about the delivery any more; unless
// it was delivered: then nobody needs to send it again.
const RECORD_TRY = {
  name: 'record_webhook_try',
  text: `
    WITH kept AS (
      INSERT INTO webhook_tries (event_id, endpoint_id, try, at, duration_ms, http_status, trouble, reply)
      VALUES ($1, $2, $3, $4::timestamptz, $5, $6, $7, $8)
    ), moved AS (
      UPDATE webhook_deliveries d
      SET state = $9::text, next_at = coalesce($10::timestamptz, d.next_at), step = d.step + 1,
        ended_at = CASE WHEN $9::text <> 'pending' THEN $4::timestamptz END
      WHERE d.event_id = $1 AND d.endpoint_id = $2 AND d.state = 'pending' AND (d.tries = $3 OR $9::text = 'delivered')
    )
    UPDATE webhook_endpoints e
    SET failing_since = CASE WHEN $9::text <> 'delivered' THEN coalesce(e.failing_since, $4::timestamptz) END,
      state = CASE WHEN ${PAUSED_BECAUSE} IS NULL THEN e.state ELSE 'paused' END,
      paused_because = coalesce(${PAUSED_BECAUSE}, e.paused_because),
      state_since = CASE WHEN ${PAUSED_BECAUSE} IS NULL THEN e.state_since ELSE $4::timestamptz END
    WHERE e.id = $2 AND CASE WHEN $9::text = 'delivered' THEN e.failing_since IS NOT NULL AND e.state = 'active'
      ELSE $12::float8 IS NOT NULL AND (e.failing_since IS NULL OR ${PAUSED_BECAUSE} IS NOT NULL) END
    RETURNING e.paused_because AS "pausedBecause", e.failing_since AS "failingSince",
      e.state = 'paused' AND e.state_since = $4::timestamptz AS "isNew"`,
}

/**
 * Keeps a try, ends or puts off its delivery, and pauses an endpoint that has failed for too long.
 * @param pauseAfterMs how long is too long; null for a test, which says nothing about its endpoint unless it succeeds
 */
export async function recordTry(
  database: Database,
  { eventId, endpointId, try: number }: Claim,
  result: TryResult,
  pauseAfterMs: number | null,
): Promise<EndpointPaused | null> {
  const { atMs, durationMs, httpStatus, trouble, reply, following, isGone } = result
  const nextAt = following.is === 'pending' ? new Date(following.nextAtMs) : null
  const [changed] = await database.run<EndpointPaused & { isNew: boolean }>(RECORD_TRY, [
    ...[eventId, endpointId, number, new Date(atMs), durationMs, httpStatus, trouble, reply],
    ...[following.is, nextAt, isGone, pauseAfterMs],
  ])
  return changed?.isNew ? changed : null
}
