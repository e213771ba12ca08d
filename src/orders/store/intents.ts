import { and, asc, eq, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { StatementRunner } from '../../postgres/pool.ts'
import { type BuiltOf, type Queries, rowFor, rows, statement, type } from '../../postgres/statement.ts'
import type { CommittedIntent, IntentClaim, NewIntent } from '../ports.ts'
import { attempts, orders } from '../schema.ts'
import { isAmong, laneFront } from './order-rows.ts'
import { wakeAfter } from './wake-at.ts'

/** The detail of a move that an attempt caused. */
const detailOf = (seq: SQLWrapper) => sql<Record<string, unknown>>`jsonb_build_object('attempt', ${seq})`

/**
 * The closed switches are read once for the statement, before it locks an order, with a snapshot of their own: a closing
 * that was committed while the statement began counts.
 */
const isHeldByNoSwitch = (quote: { readonly amount: SQLWrapper; readonly goldWeight: SQLWrapper }) =>
  sql`holding_switch((select closed_switches()), ${orders.id}, ${orders.kind}, ${orders.partner}, coalesce(${quote.amount}, -1), ${quote.goldWeight}) is null`

const COMMIT_INTENTS = {
  intents: rows({
    orderId: orders.id,
    intentId: attempts.intentId,
    quoteId: attempts.quoteId,
    goldWeight: attempts.quotedGoldWeight,
    amount: attempts.quotedAmount,
    fee: attempts.quotedFee,
    traceId: attempts.traceId,
  }),
  actor: orders.actor,
  debitsWait: type.boolean,
}

/** Locks the orders that may be confirmed: accepted, before their deadline, held by no switch. */
function pickOrders(
  db: Queries,
  intents: BuiltOf<typeof COMMIT_INTENTS>['intents'],
  isGiven: (orderId: PgColumn) => SQL,
) {
  const { id, kind, phoneNumber, acceptedAt, deadlineAt } = orders
  const { intentId, quoteId, goldWeight, amount, fee, traceId } = intents
  return db.$with('picked').as(
    db
      .select({
        orderId: sql`${id}`.as('picked_order_id'),
        ...{ kind, phoneNumber, acceptedAt, deadlineAt, intentId, quoteId, goldWeight, amount, fee, traceId },
      })
      .from(intents)
      .innerJoin(orders, eq(id, intents.orderId))
      .where(
        and(
          isGiven(id),
          eq(orders.state, 'accepted'),
          sql`${deadlineAt} > now()`,
          isHeldByNoSwitch({ amount, goldWeight }),
        ),
      )
      .orderBy(asc(id))
      .for('update', { of: orders }),
  )
}

/** The attempt that begins with the intent of a picked order. */
function attemptOf(db: Queries, picked: ReturnType<typeof pickOrders>, actor: SQL) {
  const lastSeq = db
    .select({ last: sql`coalesce(max(${attempts.seq}), 0)` })
    .from(attempts)
    .where(eq(attempts.orderId, picked.orderId))
  return rowFor(attempts, {
    orderId: picked.orderId,
    seq: sql`${lastSeq} + 1`,
    intentId: picked.intentId,
    outcome: sql`'intent'`,
    kind: picked.kind,
    phoneNumber: picked.phoneNumber,
    quoteId: picked.quoteId,
    quotedGoldWeight: picked.goldWeight,
    quotedAmount: picked.amount,
    quotedFee: picked.fee,
    traceId: picked.traceId,
    worker: actor,
  })
}

/**
 * The fence (I1, I2). The order's row is locked first, so that a cancellation and an intent cannot both succeed; then
 * the insert decides: a live attempt or a used quote makes it insert nothing, and nothing is returned. The deadline is
 * compared again after the lock was waited for, and so is whose turn it is in the wallet (I5).
 */
const insertIntents = statement(
  'commit_intents',
  COMMIT_INTENTS,
  (db, { intents, actor, debitsWait }, lists) => {
    const isGiven = (orderId: PgColumn) => isAmong(orderId, lists.intents.orderId)
    const picked = pickOrders(db, intents, isGiven)
    const { orderId, phoneNumber, kind, acceptedAt } = picked
    const front = laneFront({ id: orderId, phoneNumber, kind, acceptedAt }, debitsWait)
    const fence = db.$with('fence').as(
      db
        .insert(attempts)
        .select(
          sql`select ${attemptOf(db, picked, actor)} from ${picked} where ${picked.deadlineAt} > clock_timestamp() and ${front} is null`,
        )
        .onConflictDoNothing()
        .returning({ orderId: attempts.orderId, seq: attempts.seq, intentId: attempts.intentId }),
    )
    return db
      .with(picked, fence)
      .update(orders)
      .set({ state: 'confirming', reason: 'intent_committed', actor, detail: detailOf(fence.seq) })
      .from(fence)
      .where(and(eq(orders.id, fence.orderId), isGiven(orders.id)))
      .returning({ orderId: orders.id, seq: fence.seq, intentId: fence.intentId })
  },
)

/** See `OrderStore.commitIntents`. */
export function commitIntents(
  runner: StatementRunner,
  intents: readonly NewIntent[],
  by: { readonly actor: string; readonly debitsWait: boolean },
): Promise<CommittedIntent[]> {
  const given = intents.map(({ quote, traceId = null, ...claim }) => ({ ...claim, ...quote, traceId }))
  return insertIntents(runner, { intents: given, ...by })
}

/** Withdraws intents whose confirm was provably not sent. */
const takeBackIntents = statement(
  'withdraw_intents',
  { claims: rows({ orderId: attempts.orderId, intentId: attempts.intentId }), actor: orders.actor },
  (db, { claims, actor }, lists) => {
    const ended = db.$with('ended').as(
      db
        .update(attempts)
        .set({
          outcome: 'not_sent',
          endedAt: sql`clock_timestamp()`,
          gatewayMessage: 'intent withdrawn before the send',
        })
        .from(claims)
        .where(
          and(
            eq(attempts.orderId, claims.orderId),
            isAmong(attempts.orderId, lists.claims.orderId),
            eq(attempts.intentId, claims.intentId),
            eq(attempts.outcome, 'intent'),
          ),
        )
        .returning({ orderId: attempts.orderId, seq: attempts.seq }),
    )
    return db
      .with(ended)
      .update(orders)
      .set({ state: 'accepted', reason: 'not_sent', actor, detail: detailOf(ended.seq), wakeAt: wakeAfter() })
      .from(ended)
      .where(and(eq(orders.id, ended.orderId), isAmong(orders.id, lists.claims.orderId)))
      .returning({ orderId: orders.id })
  },
)

/** See `OrderStore.withdrawIntents`. */
export async function withdrawIntents(
  runner: StatementRunner,
  claims: readonly IntentClaim[],
  actor: string,
): Promise<string[]> {
  const withdrawn = await takeBackIntents(runner, { claims, actor })
  return withdrawn.map(({ orderId }) => orderId)
}
