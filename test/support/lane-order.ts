import type { StatementRunner } from '../../src/postgres/pool.ts'
import { unnamed } from './unnamed.ts'

/** Moves that began before the one before them in their wallet was over, by the order of the events. */
export const overlaps = (runner: StatementRunner) =>
  runner.run<{ phone_number: string }>(
    unnamed(`SELECT phone_number FROM (
      SELECT o.phone_number, e.order_id, e.to_state,
        lag(e.to_state) OVER w AS before, lag(e.order_id) OVER w AS order_before
      FROM order_events e JOIN orders o ON o.id = e.order_id
      WHERE e.to_state = 'confirming' OR e.from_state = 'confirming'
      WINDOW w AS (PARTITION BY o.phone_number ORDER BY e.id)) AS moves
    WHERE to_state = 'confirming' AND before = 'confirming'`),
    [],
  )

/**
 * Orders that went before an earlier one of their wallet which could have gone: only buys pass, and only debits.
 * @param marginMs orders that were being accepted at the same time have no order: so long before counts
 */
export const overtakings = (runner: StatementRunner, marginMs = 0) =>
  runner.run<{ phone_number: string }>(
    unnamed(`SELECT late.phone_number
    FROM orders late
    JOIN orders early ON early.phone_number = late.phone_number AND (early.accepted_at, early.id) < (late.accepted_at, late.id)
      AND NOT (early.kind = 'sell' AND late.kind = 'buy')
    CROSS JOIN LATERAL (SELECT min(e.id) AS at, min(e.at) AS time FROM order_events e WHERE e.order_id = late.id AND e.to_state = 'confirming') AS l
    CROSS JOIN LATERAL (SELECT max(e.id) AS at FROM order_events e WHERE e.order_id = early.id AND e.to_state = 'confirming') AS f
    CROSS JOIN LATERAL (SELECT min(e.id) AS at FROM order_events e WHERE e.order_id = early.id AND e.to_state = 'accepted') AS a
    WHERE l.at < f.at AND l.at > a.at AND l.time > early.accepted_at + $1 * interval '1 millisecond'`),
    [marginMs],
  )
