import type { Database, Statement } from '../../postgres/pool.ts'
import type { SweepStore } from '../ports.ts'

// SKIP LOCKED: several workers sweep at once, and none waits for another or for an order somebody is just ending.
const DOUBT_OVERDUE_INTENTS = {
  name: 'doubt_overdue_intents',
  text: `
    WITH overdue AS (
      SELECT order_id, seq FROM attempts
      WHERE outcome = 'intent' AND intent_at < clock_timestamp() - $1::float8 * interval '1 millisecond'
        AND ($4::uuid[] IS NULL OR order_id = ANY ($4))
      ORDER BY intent_at LIMIT $3 FOR UPDATE SKIP LOCKED
    ), ended AS (
      UPDATE attempts a
      SET outcome = 'in_doubt', ended_at = clock_timestamp(), gateway_message = 'the worker ended without recording a reply'
      FROM overdue WHERE a.order_id = overdue.order_id AND a.seq = overdue.seq
      RETURNING a.order_id, a.seq
    )
    UPDATE orders o
    SET state = 'in_doubt', reason = 'intent_overdue', actor = $2, detail = jsonb_build_object('attempt', ended.seq)
    FROM ended WHERE o.id = ended.order_id
    RETURNING o.id AS order_id`,
}

const EXPIRE_OVERDUE = {
  name: 'expire_overdue_orders',
  text: `
    UPDATE orders o SET state = 'expired', reason = 'deadline_passed', actor = $1,
      detail = jsonb_strip_nulls(jsonb_build_object('trouble', o.trouble))
    WHERE o.id IN (
      SELECT id FROM orders WHERE state = 'accepted' AND wake_at <= now() AND deadline_at <= now()
      ORDER BY wake_at LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING o.id AS order_id`,
}

const TAKE_FORGOTTEN = {
  name: 'take_forgotten_orders',
  text: `
    UPDATE orders o SET wake_at = least(o.deadline_at, now() + $1::float8 * interval '1 millisecond')
    WHERE o.id IN (
      SELECT id FROM orders WHERE state = 'accepted' AND wake_at <= now() AND deadline_at > now()
      ORDER BY wake_at LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING o.id AS order_id`,
}

/** The sweeper's view of the orders. */
export function createSweepStore(database: Database): SweepStore {
  return {
    doubtOverdueIntents: (sendDeadlineMs, actor, limit) =>
      doubtOverdueIntents(database, sendDeadlineMs, actor, limit, null),
    expireOverdue: (actor, limit) => movedBy(database, EXPIRE_OVERDUE, [actor, limit]),
    takeForgotten: (againMs, limit) => movedBy(database, TAKE_FORGOTTEN, [againMs, limit]),
  }
}

/** Marks overdue intents as doubts: of these orders, or of all. */
export function doubtOverdueIntents(
  database: Database,
  sendDeadlineMs: number,
  actor: string,
  limit: number,
  orderIds: readonly string[] | null,
): Promise<string[]> {
  return movedBy(database, DOUBT_OVERDUE_INTENTS, [sendDeadlineMs, actor, limit, orderIds])
}

async function movedBy(
  database: Database,
  statement: Statement,
  values: readonly unknown[],
): Promise<string[]> {
  const rows = await database.run<{ order_id: string }>(statement, values)
  return rows.map((row) => row.order_id)
}
