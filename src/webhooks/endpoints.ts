import type { Database } from '../postgres/pool.ts'
import type { EndpointState, PauseReason } from './enums.ts'
import { newSecret } from './signing.ts'

/** An endpoint as people see it: never its secrets. */
export interface Endpoint {
  readonly id: number
  readonly partner: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly state: EndpointState
  readonly pausedBecause: PauseReason | null
  readonly note: string | null
  readonly stateSince: Date
  readonly failingSince: Date | null
  readonly previousUntil: Date | null
  readonly createdAt: Date
  readonly createdBy: string
  readonly pending: number
  readonly givenUp: number
  readonly deliveredAt: Date | null
}

export interface NewEndpoint {
  readonly partner: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly by: string
}

const ADD_ENDPOINT = {
  name: 'add_webhook_endpoint',
  text: `
    INSERT INTO webhook_endpoints (partner, url, kinds, secret, created_by) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
}

/** Adds an endpoint. Its secret is shown to its owner now and never again. */
export async function addEndpoint(
  database: Database,
  { partner, url, kinds, by }: NewEndpoint,
): Promise<{ id: number; secret: string }> {
  const secret = newSecret()
  const [row] = await database.run<{ id: number }>(ADD_ENDPOINT, [partner, url, kinds, secret, by])
  if (row === undefined) throw new Error('an endpoint that was added has an id')
  return { id: row.id, secret }
}

const LIST_ENDPOINTS = {
  name: 'list_webhook_endpoints',
  text: `
    SELECT e.id, e.partner, e.url, e.kinds, e.state, e.paused_because AS "pausedBecause", e.note,
      e.state_since AS "stateSince", e.failing_since AS "failingSince", e.previous_until AS "previousUntil",
      e.created_at AS "createdAt", e.created_by AS "createdBy", d.pending, d.given_up AS "givenUp",
      d.delivered_at AS "deliveredAt"
    FROM webhook_endpoints e LEFT JOIN LATERAL (
      SELECT count(*) FILTER (WHERE state = 'pending')::int AS pending,
        count(*) FILTER (WHERE state = 'given_up')::int AS given_up,
        max(ended_at) FILTER (WHERE state = 'delivered') AS delivered_at
      FROM webhook_deliveries WHERE endpoint_id = e.id) d ON true
    WHERE ($1::text IS NULL OR e.partner = $1) AND (e.state <> 'removed' OR $2)
    ORDER BY e.partner, e.id`,
}

/** Lists endpoints with what waits for them. */
export async function listEndpoints(
  database: Database,
  { partner, removedToo }: { partner: string | null; removedToo: boolean },
): Promise<Endpoint[]> {
  return await database.run<Endpoint>(LIST_ENDPOINTS, [partner, removedToo])
}

const ROTATE_SECRET = {
  name: 'rotate_webhook_secret',
  text: `
    UPDATE webhook_endpoints SET secret = $2,
      previous_secret = CASE WHEN $3::float8 > 0 THEN secret END,
      previous_until = CASE WHEN $3::float8 > 0 THEN now() + $3::float8 * interval '1 millisecond' END
    WHERE id = $1 AND state <> 'removed' RETURNING previous_until AS "previousUntil"`,
}

/**
 * Gives an endpoint a new secret; the one before signs beside it for a while, and one before that no more.
 * @returns null when there is no such endpoint
 */
export async function rotateSecret(
  database: Database,
  id: number,
  overlapMs: number,
): Promise<{ secret: string; previousUntil: Date | null } | null> {
  const secret = newSecret()
  const [row] = await database.run<{ previousUntil: Date | null }>(ROTATE_SECRET, [id, secret, overlapMs])
  return row === undefined ? null : { secret, previousUntil: row.previousUntil }
}

const PAUSE_ENDPOINT = {
  name: 'pause_webhook_endpoint',
  text: `
    UPDATE webhook_endpoints SET state = 'paused', paused_because = 'person', note = $2, state_since = now()
    WHERE id = $1 AND state <> 'removed' RETURNING id`,
}

/** Stops sending to an endpoint; events are kept for it. @returns whether there is such an endpoint */
export async function pauseEndpoint(database: Database, id: number, note: string): Promise<boolean> {
  return (await database.run(PAUSE_ENDPOINT, [id, note])).length > 0
}

// What is being sent right now, as far as anybody knows, keeps its lease: it is not sent a second time beside it.
const RESUME_ENDPOINT = {
  name: 'resume_webhook_endpoint',
  text: `
    WITH resumed AS (
      UPDATE webhook_endpoints
      SET state = 'active', paused_because = NULL, note = NULL, failing_since = NULL, state_since = now()
      WHERE id = $1 AND state <> 'removed' RETURNING id
    ), hurried AS (
      UPDATE webhook_deliveries d SET step = 0,
        next_at = CASE WHEN d.tries = 0 OR EXISTS (
          SELECT 1 FROM webhook_tries t
          WHERE t.event_id = d.event_id AND t.endpoint_id = d.endpoint_id AND t.try = d.tries
        ) THEN least(d.next_at, $2) ELSE d.next_at END
      FROM resumed WHERE d.endpoint_id = resumed.id AND d.state = 'pending' RETURNING 1
    )
    SELECT (SELECT count(*)::int FROM hurried) AS waiting FROM resumed`,
}

/**
 * Sends to an endpoint again, and what waits for it now instead of after its pauses.
 * @returns how much waits; null when there is no such endpoint
 */
export async function resumeEndpoint(database: Database, id: number, nowMs: number): Promise<number | null> {
  const [row] = await database.run<{ waiting: number }>(RESUME_ENDPOINT, [id, new Date(nowMs)])
  return row?.waiting ?? null
}

const REMOVE_ENDPOINT = {
  name: 'remove_webhook_endpoint',
  text: `
    WITH removed AS (
      UPDATE webhook_endpoints
      SET state = 'removed', paused_because = NULL, note = $2, secret = NULL, previous_secret = NULL,
        previous_until = NULL, failing_since = NULL, state_since = now()
      WHERE id = $1 AND state <> 'removed' RETURNING id
    ), given_up AS (
      UPDATE webhook_deliveries d SET state = 'given_up', ended_at = now()
      FROM removed WHERE d.endpoint_id = removed.id AND d.state = 'pending' RETURNING 1
    )
    SELECT (SELECT count(*)::int FROM given_up) AS "givenUp" FROM removed`,
}

/**
 * Ends an endpoint for good: its secrets are erased, what waits for it is given up, its history stays.
 * @returns how much was given up; null when there is no such endpoint
 */
export async function removeEndpoint(database: Database, id: number, note: string): Promise<number | null> {
  const [row] = await database.run<{ givenUp: number }>(REMOVE_ENDPOINT, [id, note])
  return row?.givenUp ?? null
}
