import { formatGrams } from '../../core/money.ts'
import type { Database, StatementRunner } from '../../postgres/pool.ts'
import { TRANSITIONS } from '../lifecycle.ts'
import type { PlainMove, Settlement } from '../ports.ts'
import { IS_ANOTHER_ORDERS } from './intents.ts'
import { WAKE_GRACE } from './submissions.ts'

const MOVE_ORDERS = {
  name: 'move_orders',
  text: `
    UPDATE orders o
    SET state = $2, reason = x.reason, actor = x.actor, detail = x.detail,
      wake_at = least(o.deadline_at, now() + ${WAKE_GRACE})
    FROM unnest($3::uuid[], $4::text[], $5::text[], $6::jsonb[]) AS x (order_id, reason, actor, detail)
    WHERE o.id = x.order_id AND o.state = $1 AND ($2 <> 'expired' OR o.deadline_at <= clock_timestamp())
    RETURNING o.id AS order_id`,
}

// A late reply with another order's transaction settles nothing, nor does one of another attempt of the order.
// ended_at is when the send ended: a late reply ends it, a person only says how it ended.
const SETTLE_DOUBTS = {
  name: 'settle_doubts',
  text: `
    WITH ended AS (
      UPDATE attempts a
      SET outcome = CASE WHEN x.executed THEN 'succeeded' ELSE 'rejected' END,
        ended_at = CASE x.reason WHEN 'late_reply' THEN clock_timestamp() ELSE a.ended_at END,
        request_id = x.request_id, response_id = x.response_id, session_id = x.session_id,
        gold_weight = CASE WHEN x.executed THEN coalesce(x.gold_weight, a.quoted_gold_weight) END,
        amount = CASE WHEN x.executed THEN coalesce(x.amount, a.quoted_amount) END,
        fee = CASE WHEN x.executed THEN coalesce(x.fee, a.quoted_fee) END,
        gateway_message = coalesce(x.message, a.gateway_message), http_status = coalesce(x.http_status, a.http_status),
        reply = coalesce(x.reply, a.reply)
      FROM unnest($1::uuid[], $2::bool[], $3::text[], $4::text[], $5::text[], $6::numeric[], $7::bigint[], $8::bigint[],
        $9::text[], $10::text[], $11::jsonb[], $12::text[], $13::int[], $14::text[], $15::int[])
        AS x (order_id, executed, request_id, response_id, session_id, gold_weight, amount, fee, reason, actor, detail, message, http_status, reply, seq)
      WHERE a.order_id = x.order_id AND a.seq = coalesce(x.seq, a.seq) AND a.outcome = 'in_doubt' AND NOT (x.executed AND ${IS_ANOTHER_ORDERS})
      RETURNING a.order_id, a.seq, a.outcome, x.reason, x.actor, x.detail
    )
    UPDATE orders o
    SET state = ended.outcome, reason = ended.reason, actor = ended.actor,
      detail = ended.detail || jsonb_build_object('attempt', ended.seq)
    FROM ended WHERE o.id = ended.order_id AND o.state = 'in_doubt'
    RETURNING o.id AS order_id`,
}

const POSTPONE_ORDERS = {
  name: 'postpone_orders',
  text: `
    UPDATE orders o
    SET wake_at = least(o.deadline_at, now() + x.delay_ms * interval '1 millisecond' + ${WAKE_GRACE}),
      postponements = o.postponements + 1, trouble = x.trouble
    FROM unnest($1::uuid[], $2::float8[], $3::text[]) AS x (order_id, delay_ms, trouble)
    WHERE o.id = x.order_id AND o.state = 'accepted'
    RETURNING o.id AS order_id`,
}

/** See `OrderStore.move`. */
export async function moveOrders<M extends 'refuse' | 'expire' | 'cancel' | 'hold' | 'release'>(
  database: Database,
  move: M,
  rows: readonly PlainMove<M>[],
): Promise<string[]> {
  const { from, to } = TRANSITIONS[move]
  return orderIds(database, MOVE_ORDERS, [
    from,
    to,
    rows.map(({ orderId }) => orderId),
    rows.map(({ reason }) => reason),
    rows.map(({ actor }) => actor),
    rows.map(({ detail }) => (detail === null ? null : JSON.stringify(detail))),
  ])
}

/** See `OrderStore.settle`. */
export async function settleDoubts(
  database: StatementRunner,
  rows: readonly Settlement[],
): Promise<string[]> {
  return orderIds(database, SETTLE_DOUBTS, [
    rows.map(({ orderId }) => orderId),
    rows.map(({ executed }) => executed !== null),
    rows.map(({ executed }) => executed?.requestId ?? null),
    rows.map(({ executed }) => executed?.responseId ?? null),
    rows.map(({ executed }) => executed?.sessionId ?? null),
    rows.map(({ executed }) => (executed?.goldWeight == null ? null : formatGrams(executed.goldWeight))),
    rows.map(({ executed }) => executed?.amount ?? null),
    rows.map(({ executed }) => executed?.fee ?? null),
    rows.map(({ reason }) => reason),
    rows.map(({ actor }) => actor),
    rows.map(({ detail }) => JSON.stringify(detail)),
    rows.map(({ reply }) => reply?.message ?? null),
    rows.map(({ reply }) => reply?.httpStatus ?? null),
    rows.map(({ reply }) => reply?.body ?? null),
    rows.map(({ seq }) => seq ?? null),
  ])
}

/** See `OrderStore.postpone`. */
export async function postponeOrders(
  database: Database,
  rows: readonly { orderId: string; delayMs: number; trouble: string }[],
): Promise<string[]> {
  return orderIds(database, POSTPONE_ORDERS, [
    rows.map(({ orderId }) => orderId),
    rows.map(({ delayMs }) => delayMs),
    rows.map(({ trouble }) => trouble.slice(0, 200)),
  ])
}

async function orderIds(
  database: StatementRunner,
  statement: { name: string; text: string },
  values: readonly unknown[],
): Promise<string[]> {
  const rows = await database.run<{ order_id: string }>(statement, values)
  return rows.map((row) => row.order_id)
}
