import { and, eq, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { StatementRunner } from '../../postgres/pool.ts'
import { type BuiltOf, limitOf, type Queries, rows, statement } from '../../postgres/statement.ts'
import type { ConfirmOutcome } from '../outcomes.ts'
import type { Recorded, Verdict } from '../ports.ts'
import { attempts, orders } from '../schema.ts'
import { isOfAnotherOrder } from './another-order.ts'
import { isAmong } from './order-rows.ts'
import { wakeAfter } from './wake-at.ts'

const OF_ANOTHER_ORDER = ' (its session_id or response_id is the one of another order)'

const END_INTENTS = {
  verdicts: rows({
    orderId: attempts.orderId,
    seq: attempts.seq,
    outcome: attempts.outcome,
    reason: orders.reason,
    requestId: attempts.requestId,
    responseId: attempts.responseId,
    sessionId: attempts.sessionId,
    goldWeight: attempts.goldWeight,
    amount: attempts.amount,
    fee: attempts.fee,
    message: attempts.gatewayMessage,
    httpStatus: attempts.httpStatus,
    reply: attempts.reply,
  }),
  actor: orders.actor,
}

type VerdictTable = BuiltOf<typeof END_INTENTS>['verdicts']

/** The verdicts of attempts that there are, each with whether it is an execution that is another order's transaction. */
function judge(db: Queries, verdicts: VerdictTable, isGiven: (orderId: PgColumn) => SQL) {
  const { orderId, seq, outcome, reason, message, httpStatus, reply } = verdicts
  const { requestId, responseId, sessionId, goldWeight, amount, fee } = verdicts
  return db.$with('judged').as(
    db
      .select({
        ...{ orderId, seq, outcome, reason, message, httpStatus, reply },
        ...{ requestId, responseId, sessionId, goldWeight, amount, fee },
        isOfAnother: isExecutedAsAnother(verdicts).as('is_of_another'),
      })
      .from(verdicts)
      .innerJoin(
        attempts,
        and(eq(attempts.orderId, orderId), eq(attempts.seq, seq), isGiven(attempts.orderId)),
      )
      // Keeps Postgres from looking for the other order once for every column that depends on it.
      .offset(limitOf(sql`0`)),
  )
}

/** Ends the attempts that are still intents as they were judged. */
function endAttempts(db: Queries, judged: ReturnType<typeof judge>, isGiven: (orderId: PgColumn) => SQL) {
  const { isOfAnother, message } = judged
  const unlessOfAnother = (value: SQLWrapper) => sql`case when not ${isOfAnother} then ${value} end`
  const reason = sql`case when ${isOfAnother} then 'transaction_of_another_order' else ${judged.reason} end`
  return db.$with('ended').as(
    db
      .update(attempts)
      .set({
        outcome: sql`case when ${isOfAnother} then 'in_doubt' else ${judged.outcome} end`,
        endedAt: sql`clock_timestamp()`,
        requestId: unlessOfAnother(judged.requestId),
        responseId: unlessOfAnother(judged.responseId),
        sessionId: unlessOfAnother(judged.sessionId),
        goldWeight: unlessOfAnother(judged.goldWeight),
        amount: unlessOfAnother(judged.amount),
        fee: unlessOfAnother(judged.fee),
        gatewayMessage: sql`case when ${isOfAnother} then ${message} || ${OF_ANOTHER_ORDER}::text else ${message} end`,
        httpStatus: sql`${judged.httpStatus}`,
        reply: sql`${judged.reply}`,
      })
      .from(judged)
      .where(
        and(
          eq(attempts.orderId, judged.orderId),
          isGiven(attempts.orderId),
          eq(attempts.seq, judged.seq),
          eq(attempts.outcome, 'intent'),
        ),
      )
      .returning({
        orderId: sql`${attempts.orderId}`.as('ended_order_id'),
        seq: sql`${attempts.seq}`.as('ended_seq'),
        outcome: sql`${attempts.outcome}`.as('ended_outcome'),
        message: sql`${attempts.gatewayMessage}`.as('ended_message'),
        reason: reason.as('ended_reason'),
      }),
  )
}

/**
 * Ends intents (I3): a verdict ends only the attempt it is of, and only while that is an intent. An execution that is
 * another order's transaction becomes a doubt, and its figures are not kept.
 */
const recordVerdicts = statement('end_intents', END_INTENTS, (db, { verdicts, actor }, lists) => {
  const isGiven = (orderId: PgColumn) => isAmong(orderId, lists.verdicts.orderId)
  const judged = judge(db, verdicts, isGiven)
  const ended = endAttempts(db, judged, isGiven)
  return db
    .with(judged, ended)
    .update(orders)
    .set({
      state: sql`case when ${ended.outcome} in ('price_changed', 'not_sent') then 'accepted' else ${ended.outcome} end`,
      reason: sql`${ended.reason}`,
      actor,
      detail: sql`jsonb_build_object('attempt', ${ended.seq}, 'message', ${ended.message})`,
      wakeAt: wakeAfter(),
    })
    .from(ended)
    .where(and(eq(orders.id, ended.orderId), isGiven(orders.id), eq(orders.state, 'confirming')))
    .returning({ orderId: orders.id, state: orders.state, reason: orders.reason })
})

/** Whether a verdict is an execution that is another order's transaction. Its attempt is joined. */
function isExecutedAsAnother(verdict: {
  readonly orderId: SQLWrapper
  readonly outcome: SQLWrapper
  readonly sessionId: SQLWrapper
  readonly responseId: SQLWrapper
}): SQL<boolean> {
  const { orderId, outcome, sessionId, responseId } = verdict
  const isOfAnother = isOfAnotherOrder({ orderId, sessionId, responseId, kind: attempts.kind })
  return sql<boolean>`(${outcome} = 'succeeded' and ${isOfAnother})`
}

/** See `OrderStore.endIntents`. */
export function endIntents(
  runner: StatementRunner,
  verdicts: readonly Verdict[],
  actor: string,
): Promise<(Recorded & { orderId: string })[]> {
  const given = verdicts.map(({ orderId, seq, outcome }) => {
    const executed = outcome.is === 'succeeded' ? outcome.executed : null
    return {
      orderId,
      seq,
      outcome: outcome.is,
      reason: reasonOf(outcome),
      requestId: executed?.requestId ?? null,
      responseId: executed?.responseId ?? null,
      sessionId: executed?.sessionId ?? null,
      goldWeight: executed?.goldWeight ?? null,
      amount: executed?.amount ?? null,
      fee: executed?.fee ?? null,
      message: outcome.reply.message,
      httpStatus: outcome.reply.httpStatus,
      reply: outcome.reply.body,
    }
  })
  return recordVerdicts(runner, { verdicts: given, actor })
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
