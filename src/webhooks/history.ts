import type { Database } from '../postgres/pool.ts'

// Postgres refuses what is younger than 30 days, waits, or belongs to an order that may change yet. Tries go with their
// delivery, and events once they have no delivery left.
const DELETE_DELIVERIES = {
  name: 'delete_past_webhook_deliveries',
  text: `
    WITH past AS (
      SELECT d.event_id, d.endpoint_id FROM webhook_deliveries d JOIN webhook_events v ON v.id = d.event_id
      WHERE d.state <> 'pending' AND d.ended_at < now() - make_interval(days => $1)
        AND v.at < now() - make_interval(days => $1)
      ORDER BY d.ended_at LIMIT $2 FOR UPDATE OF d SKIP LOCKED
    ), tries AS (
      DELETE FROM webhook_tries t USING past p WHERE t.event_id = p.event_id AND t.endpoint_id = p.endpoint_id
    )
    DELETE FROM webhook_deliveries d USING past p WHERE d.event_id = p.event_id AND d.endpoint_id = p.endpoint_id
    RETURNING 1`,
}

/**
 * Deletes deliveries that ended so long ago, with their tries, the oldest first.
 * @returns how many; the limit when there may be more
 */
export async function deletePastDeliveries(
  database: Database,
  keepDays: number,
  limit: number,
): Promise<number> {
  return (await database.run(DELETE_DELIVERIES, [keepDays, limit])).length
}

const DELETE_EVENTS = {
  name: 'delete_past_webhook_events',
  text: `
    WITH past AS (
      SELECT v.id FROM webhook_events v
      WHERE v.at < now() - make_interval(days => $1)
        AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = v.id)
        AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = v.order_id AND o.settled_at IS NULL)
      ORDER BY v.at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM webhook_events v USING past p WHERE v.id = p.id RETURNING 1`,
}

/** Deletes events that nobody is told of any more. @returns how many; the limit when there may be more */
export async function deletePastEvents(database: Database, keepDays: number, limit: number): Promise<number> {
  return (await database.run(DELETE_EVENTS, [keepDays, limit])).length
}

const GIVE_UP_REMOVED = {
  name: 'give_up_webhooks_of_removed',
  text: `
    UPDATE webhook_deliveries d SET state = 'given_up', ended_at = now() FROM webhook_endpoints e
    WHERE e.id = d.endpoint_id AND e.state = 'removed' AND d.state = 'pending' RETURNING 1`,
}

/** Gives up what was written for an endpoint while it was being removed: neither saw the other. @returns how many */
export async function giveUpForRemoved(database: Database): Promise<number> {
  return (await database.run(GIVE_UP_REMOVED, [])).length
}

const ERASE_SECRETS = {
  name: 'erase_previous_webhook_secrets',
  text: `
    UPDATE webhook_endpoints SET previous_secret = NULL, previous_until = NULL
    WHERE previous_until < now() - interval '1 hour' RETURNING 1`,
}

/**
 * Erases secrets whose time is over: nobody needs them readable. An hour later, for senders' clocks differ.
 * @returns how many
 */
export async function erasePreviousSecrets(database: Database): Promise<number> {
  return (await database.run(ERASE_SECRETS, [])).length
}
