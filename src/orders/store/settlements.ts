import { and, eq, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { nullable, rows, statement, type } from '../../postgres/statement.ts'
import type { Settlement } from '../ports.ts'
import { attempts, orders } from '../schema.ts'
import { isOfAnotherOrder } from './another-order.ts'
import { isAmong } from './order-rows.ts'

/**
 * Settles doubts by evidence (I3). A late reply with another order's transaction settles nothing, nor does one of
 * another attempt of the order. A late reply ends its send, so `ended_at` is now; a person only says how it ended.
 */
const settle = statement(
  'settle_doubts',
  {
    settlements: rows({
      orderId: orders.id,
      seq: nullable(attempts.seq),
      isExecuted: type.boolean,
      requestId: attempts.requestId,
      responseId: attempts.responseId,
      sessionId: attempts.sessionId,
      goldWeight: attempts.goldWeight,
      amount: attempts.amount,
      fee: attempts.fee,
      reason: orders.reason,
      actor: orders.actor,
      detail: orders.detail,
      message: attempts.gatewayMessage,
      httpStatus: attempts.httpStatus,
      reply: attempts.reply,
    }),
  },
  (db, { settlements: given }, lists) => {
    const { isExecuted } = given
    const ifExecuted = (value: unknown) => sql`case when ${isExecuted} then ${value} end`
    const { orderId, sessionId, responseId } = given
    const isAnothers = isOfAnotherOrder({ orderId, sessionId, responseId, kind: attempts.kind })
    const ended = db.$with('ended').as(
      db
        .update(attempts)
        .set({
          outcome: sql`case when ${isExecuted} then 'succeeded' else 'rejected' end`,
          endedAt: sql`case ${given.reason} when 'late_reply' then clock_timestamp() else ${attempts.endedAt} end`,
          requestId: sql`${given.requestId}`,
          responseId: sql`${given.responseId}`,
          sessionId: sql`${given.sessionId}`,
          goldWeight: ifExecuted(sql`coalesce(${given.goldWeight}, ${attempts.quotedGoldWeight})`),
          amount: ifExecuted(sql`coalesce(${given.amount}, ${attempts.quotedAmount})`),
          fee: ifExecuted(sql`coalesce(${given.fee}, ${attempts.quotedFee})`),
          gatewayMessage: sql`coalesce(${given.message}, ${attempts.gatewayMessage})`,
          httpStatus: sql`coalesce(${given.httpStatus}, ${attempts.httpStatus})`,
          reply: sql`coalesce(${given.reply}, ${attempts.reply})`,
        })
        .from(given)
        .where(
          and(
            eq(attempts.orderId, given.orderId),
            isAmong(attempts.orderId, lists.settlements.orderId),
            sql`${attempts.seq} = coalesce(${given.seq}, ${attempts.seq})`,
            eq(attempts.outcome, 'in_doubt'),
            sql`not (${isExecuted} and ${isAnothers})`,
          ),
        )
        .returning({
          orderId: sql`${attempts.orderId}`.as('ended_order_id'),
          seq: sql`${attempts.seq}`.as('ended_seq'),
          outcome: sql`${attempts.outcome}`.as('ended_outcome'),
          reason: given.reason,
          actor: given.actor,
          detail: given.detail,
        }),
    )
    return db
      .with(ended)
      .update(orders)
      .set({
        state: sql`${ended.outcome}`,
        reason: sql`${ended.reason}`,
        actor: sql`${ended.actor}`,
        detail: sql`${ended.detail} || jsonb_build_object('attempt', ${ended.seq})`,
      })
      .from(ended)
      .where(
        and(
          eq(orders.id, ended.orderId),
          isAmong(orders.id, lists.settlements.orderId),
          eq(orders.state, 'in_doubt'),
        ),
      )
      .returning({ orderId: orders.id })
  },
)

/** See `OrderStore.settle`. */
export async function settleDoubts(
  runner: StatementRunner,
  settlements: readonly Settlement[],
): Promise<string[]> {
  const given = settlements.map(({ orderId, seq = null, reason, actor, detail, reply, executed }) => ({
    orderId,
    seq,
    isExecuted: executed !== null,
    requestId: executed?.requestId ?? null,
    responseId: executed?.responseId ?? null,
    sessionId: executed?.sessionId ?? null,
    goldWeight: executed?.goldWeight ?? null,
    amount: executed?.amount ?? null,
    fee: executed?.fee ?? null,
    reason,
    actor,
    detail,
    message: reply?.message ?? null,
    httpStatus: reply?.httpStatus ?? null,
    reply: reply?.body ?? null,
  }))
  const settled = await settle(runner, { settlements: given })
  return settled.map(({ orderId }) => orderId)
}
