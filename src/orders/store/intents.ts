import { formatGrams } from '../../core/money.ts'
import type { Database } from '../../postgres/pool.ts'
import type { OrderState } from '../lifecycle.ts'
import type { ConfirmOutcome } from '../outcomes.ts'
import type { Intent, NewIntent, Recorded, Verdict } from '../ports.ts'
import { WAKE_GRACE } from './submissions.ts'

/**
 * The fence. The order's row is locked first, so that a cancellation and an intent cannot both succeed; then the
 * insert decides: a live attempt or a used quote makes it insert nothing, and nothing is returned. The deadline is
 * compared again after the lock was waited for.
 */
const COMMIT_INTENTS = {
  name: 'commit_intents',
  text: `
    WITH picked AS (
      SELECT o.id, o.kind, o.phone_number, o.deadline_at, x.intent_id, x.quote_id, x.gold_weight, x.amount, x.fee
      FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::numeric[], $5::bigint[], $6::bigint[])
        AS x (order_id, intent_id, quote_id, gold_weight, amount, fee)
      JOIN orders o ON o.id = x.order_id
      WHERE o.state = 'accepted' AND o.deadline_at > now()
      ORDER BY o.id
      FOR UPDATE OF o
    ), fence AS (
      INSERT INTO attempts (order_id, seq, intent_id, outcome, kind, phone_number, quote_id, quoted_gold_weight, quoted_amount, quoted_fee, worker)
      SELECT p.id, (SELECT coalesce(max(a.seq), 0) + 1 FROM attempts a WHERE a.order_id = p.id),
        p.intent_id, 'intent', p.kind, p.phone_number, p.quote_id, p.gold_weight, p.amount, p.fee, $7
      FROM picked p WHERE p.deadline_at > clock_timestamp()
      ON CONFLICT DO NOTHING
      RETURNING order_id, seq
    )
    UPDATE orders o
    SET state = 'confirming', reason = 'intent_committed', actor = $7, detail = jsonb_build_object('attempt', fence.seq)
    FROM fence WHERE o.id = fence.order_id
    RETURNING o.id AS order_id, fence.seq`,
}

const ORDER_STATE_AFTER = `
  CASE ended.outcome
    WHEN 'price_changed' THEN 'accepted' WHEN 'not_sent' THEN 'accepted' ELSE ended.outcome
  END`

/**
 * Whether an execution has the session_id of another order, or the response_id of another order of its kind: then it
 * is that order's transaction. Two orders at once are told apart by the unique indexes: the second one fails, and
 * finds the first when it is recorded again.
 */
export const IS_ANOTHER_ORDERS = `(
  EXISTS (SELECT 1 FROM attempts t WHERE t.session_id = x.session_id AND t.order_id <> x.order_id)
  OR EXISTS (SELECT 1 FROM attempts t
    WHERE t.response_id = x.response_id AND t.kind = a.kind AND t.outcome = 'succeeded' AND t.order_id <> x.order_id))`

const ANOTHER_ORDERS_MESSAGE = ' (its session_id or response_id is the one of another order)'

const END_INTENTS = {
  name: 'end_intents',
  text: `
    WITH given AS (
      SELECT x.*, x.outcome = 'succeeded' AND ${IS_ANOTHER_ORDERS} AS is_another_orders
      FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::numeric[],
        $9::bigint[], $10::bigint[], $11::text[], $12::int[], $13::text[])
        AS x (order_id, seq, outcome, reason, request_id, response_id, session_id, gold_weight, amount, fee, message, http_status, reply)
      JOIN attempts a ON a.order_id = x.order_id AND a.seq = x.seq
    ), believed AS (
      SELECT order_id, seq, http_status, reply,
        CASE WHEN is_another_orders THEN 'in_doubt' ELSE outcome END AS outcome,
        CASE WHEN is_another_orders THEN 'transaction_of_another_order' ELSE reason END AS reason,
        CASE WHEN is_another_orders THEN message || '${ANOTHER_ORDERS_MESSAGE}' ELSE message END AS message,
        CASE WHEN NOT is_another_orders THEN request_id END AS request_id,
        CASE WHEN NOT is_another_orders THEN response_id END AS response_id,
        CASE WHEN NOT is_another_orders THEN session_id END AS session_id,
        CASE WHEN NOT is_another_orders THEN gold_weight END AS gold_weight,
        CASE WHEN NOT is_another_orders THEN amount END AS amount,
        CASE WHEN NOT is_another_orders THEN fee END AS fee
      FROM given
    ), ended AS (
      UPDATE attempts a
      SET outcome = x.outcome, ended_at = clock_timestamp(), request_id = x.request_id, response_id = x.response_id,
        session_id = x.session_id, gold_weight = x.gold_weight, amount = x.amount, fee = x.fee,
        gateway_message = x.message, http_status = x.http_status, reply = x.reply
      FROM believed x
      WHERE a.order_id = x.order_id AND a.seq = x.seq AND a.outcome = 'intent'
      RETURNING a.order_id, a.seq, a.outcome, x.reason, x.message
    )
    UPDATE orders o
    SET state = ${ORDER_STATE_AFTER}, reason = ended.reason, actor = $14,
      detail = jsonb_build_object('attempt', ended.seq, 'message', ended.message),
      wake_at = least(o.deadline_at, now() + ${WAKE_GRACE})
    FROM ended WHERE o.id = ended.order_id AND o.state = 'confirming'
    RETURNING o.id AS order_id, o.state, o.reason`,
}

const WITHDRAW_INTENTS = {
  name: 'withdraw_intents',
  text: `
    WITH ended AS (
      UPDATE attempts SET outcome = 'not_sent', ended_at = clock_timestamp(), gateway_message = 'intent withdrawn before the send'
      WHERE intent_id = ANY ($1::uuid[]) AND outcome = 'intent'
      RETURNING order_id, seq
    )
    UPDATE orders o
    SET state = 'accepted', reason = 'not_sent', actor = $2, detail = jsonb_build_object('attempt', ended.seq),
      wake_at = least(o.deadline_at, now() + ${WAKE_GRACE})
    FROM ended WHERE o.id = ended.order_id
    RETURNING o.id AS order_id`,
}

/** See `OrderStore.commitIntents`. */
export async function commitIntents(
  database: Database,
  intents: readonly NewIntent[],
  actor: string,
): Promise<Intent[]> {
  const rows = await database.run<{ order_id: string; seq: number }>(COMMIT_INTENTS, [
    intents.map(({ orderId }) => orderId),
    intents.map(({ intentId }) => intentId),
    intents.map(({ quote }) => quote.quoteId),
    intents.map(({ quote }) => formatGrams(quote.goldWeight)),
    intents.map(({ quote }) => quote.amount),
    intents.map(({ quote }) => quote.fee),
    actor,
  ])
  return rows.map((row) => ({ orderId: row.order_id, seq: row.seq }))
}

/** See `OrderStore.withdrawIntents`. */
export async function withdrawIntents(
  database: Database,
  intentIds: readonly string[],
  actor: string,
): Promise<string[]> {
  const rows = await database.run<{ order_id: string }>(WITHDRAW_INTENTS, [intentIds, actor])
  return rows.map((row) => row.order_id)
}

/** See `OrderStore.endIntents`. */
export async function endIntents(
  database: Database,
  verdicts: readonly Verdict[],
  actor: string,
): Promise<(Recorded & { orderId: string })[]> {
  const executed = verdicts.map(({ outcome }) => (outcome.is === 'succeeded' ? outcome.executed : null))
  const rows = await database.run<{ order_id: string; state: OrderState; reason: string }>(END_INTENTS, [
    verdicts.map(({ orderId }) => orderId),
    verdicts.map(({ seq }) => seq),
    verdicts.map(({ outcome }) => outcome.is),
    verdicts.map(({ outcome }) => reasonOf(outcome)),
    executed.map((e) => e?.requestId ?? null),
    executed.map((e) => e?.responseId ?? null),
    executed.map((e) => e?.sessionId ?? null),
    executed.map((e) => (e === null ? null : formatGrams(e.goldWeight))),
    executed.map((e) => e?.amount ?? null),
    executed.map((e) => e?.fee ?? null),
    verdicts.map(({ outcome }) => outcome.reply.message),
    verdicts.map(({ outcome }) => outcome.reply.httpStatus),
    verdicts.map(({ outcome }) => outcome.reply.body),
    actor,
  ])
  return rows.map((row) => ({ orderId: row.order_id, state: row.state, reason: row.reason }))
}

/** The reason code of the order's move that an outcome causes. */
function reasonOf(outcome: ConfirmOutcome): string {
  switch (outcome.is) {
    case 'succeeded':
      return 'executed'
    case 'price_changed':
    case 'not_sent':
      return outcome.is
    case 'rejected':
      return outcome.reason
    case 'in_doubt':
      return outcome.doubt
  }
}
