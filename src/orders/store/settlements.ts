import { and, eq, type SQL, type SQLWrapper, type Subquery, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { StatementRunner } from '../../postgres/pool.ts'
import { nullable, type Queries, rows, statement, type } from '../../postgres/statement.ts'
import type { Settlement } from '../ports.ts'
import { attempts, orders } from '../schema.ts'
import { isOfAnotherOrder } from './another-order.ts'
import { isAmong } from './order-rows.ts'

const SETTLEMENT = {
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
}

/** Settlements as a table that a statement reads, whose columns have names of their own. */
export type SettlementTable = Subquery & { readonly [Name in keyof typeof SETTLEMENT]: SQLWrapper }

/**
 * The one way out of `in_doubt` (I3). A transaction of another order settles nothing, nor does evidence of another
 * attempt of the order. `ended_at` is when the send ended: a late reply ends it, everybody else only says how it ended.
 * @param isOfThese holds a column of orders to those that may be settled, for a plan by key
 */
export function leaveDoubt(
  db: Queries,
  given: SettlementTable,
  isOfThese: (orderId: PgColumn) => SQL | undefined,
) {
  const { orderId, isExecuted, sessionId, responseId } = given
  const ifExecuted = (value: SQL) => sql`case when ${isExecuted} then ${value} end`
  const isOfAnother = isOfAnotherOrder({ orderId, sessionId, responseId, kind: attempts.kind })
  const ended = db.$with('ended').as(
    db
      .update(attempts)
      .set({
        outcome: sql`case when ${isExecuted} then 'succeeded' else 'rejected' end`,
        endedAt: sql`case ${given.reason} when 'late_reply' then clock_timestamp() else ${attempts.endedAt} end`,
        requestId: sql`${given.requestId}`,
        responseId: sql`${responseId}`,
        sessionId: sql`${sessionId}`,
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
          eq(attempts.orderId, orderId),
          isOfThese(attempts.orderId),
          sql`${attempts.seq} = coalesce(${given.seq}, ${attempts.seq})`,
          eq(attempts.outcome, 'in_doubt'),
          sql`not (${isExecuted} and ${isOfAnother})`,
        ),
      )
      .returning({
        orderId: sql`${attempts.orderId}`.as('ended_order_id'),
        seq: sql`${attempts.seq}`.as('ended_seq'),
        outcome: sql`${attempts.outcome}`.as('ended_outcome'),
        reason: sql`${given.reason}`.as('ended_reason'),
        actor: sql`${given.actor}`.as('ended_actor'),
        detail: sql`${given.detail}`.as('ended_detail'),
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
    .where(and(eq(orders.id, ended.orderId), isOfThese(orders.id), eq(orders.state, 'in_doubt')))
    .returning({ orderId: orders.id })
}

const settle = statement('settle_doubts', { settlements: rows(SETTLEMENT) }, (db, { settlements }, lists) =>
  leaveDoubt(db, settlements, (orderId) => isAmong(orderId, lists.settlements.orderId)),
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
