import { and, asc, eq, gt, inArray, lte, type SQL, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { limitOf, type Queries, statement, type } from '../../postgres/statement.ts'
import type { SweepStore } from '../ports.ts'
import { attempts, orders } from '../schema.ts'
import { isDeadlineRunning } from './order-rows.ts'

// Every sweep takes rows with SKIP LOCKED: several workers sweep at once, and none waits for another or for an order
// that somebody is just ending.

const NOW = sql`now()`

// A literal, not a parameter: only then may Postgres use the partial index of what is open.
const isIntent = sql`${attempts.outcome} = 'intent'`
const isAccepted = eq(orders.state, 'accepted')

const milliseconds = (ms: unknown) => sql`${ms} * interval '1 millisecond'`

const OVERDUE = { sendDeadlineMs: type.float, actor: orders.actor, limit: type.integer }

/** Marks the intents that are overdue and `mine` as doubts. */
function doubtOverdue(
  db: Queries,
  { sendDeadlineMs, actor, limit }: Record<keyof typeof OVERDUE, SQL>,
  mine: SQL | undefined,
  ofTheOrder?: SQL,
) {
  const { orderId, seq } = attempts
  const isOverdue = sql`${attempts.intentAt} < clock_timestamp() - ${milliseconds(sendDeadlineMs)}`
  const overdue = db
    .$with('overdue')
    .as(
      db
        .select({ orderId, seq })
        .from(attempts)
        .where(and(mine, isOverdue))
        .orderBy(asc(attempts.intentAt))
        .limit(limitOf(limit))
        .for('update', { skipLocked: true }),
    )
  const ended = db.$with('ended').as(
    db
      .update(attempts)
      .set({
        outcome: 'in_doubt',
        endedAt: sql`clock_timestamp()`,
        gatewayMessage: 'the worker ended without recording a reply',
      })
      .from(overdue)
      .where(and(eq(orderId, overdue.orderId), eq(seq, overdue.seq)))
      .returning({ orderId, seq }),
  )
  const detail = sql`jsonb_build_object('attempt', ${ended.seq})`
  return db
    .with(overdue, ended)
    .update(orders)
    .set({ state: 'in_doubt', reason: 'intent_overdue', actor, detail })
    .from(ended)
    .where(and(eq(orders.id, ended.orderId), ofTheOrder))
    .returning({ orderId: orders.id })
}

/** Of all orders: the partial index of open intents is small, and in the order of time. */
const doubtAllOverdue = statement('doubt_overdue_intents', OVERDUE, (db, values) =>
  doubtOverdue(db, values, isIntent),
)

/** Of one order: by its key, however many intents are open. */
const doubtOverdueOf = statement(
  'doubt_overdue_intent',
  { ...OVERDUE, orderId: orders.id },
  (db, { orderId, ...values }) =>
    doubtOverdue(
      db,
      values,
      and(eq(attempts.orderId, orderId), eq(attempts.outcome, 'intent')),
      eq(orders.id, orderId),
    ),
)

const expireOverdue = statement(
  'expire_overdue_orders',
  { actor: orders.actor, limit: type.integer },
  (db, { actor, limit }) => {
    const overdue = db
      .select({ id: orders.id })
      .from(orders)
      .where(and(isAccepted, lte(orders.wakeAt, NOW), lte(orders.deadlineAt, NOW), isDeadlineRunning))
      .orderBy(asc(orders.wakeAt))
      .limit(limitOf(limit))
      .for('update', { skipLocked: true })
    return db
      .update(orders)
      .set({
        state: 'expired',
        reason: 'deadline_passed',
        actor,
        detail: sql`jsonb_strip_nulls(jsonb_build_object('trouble', ${orders.trouble}))`,
      })
      .where(inArray(orders.id, overdue))
      .returning({ orderId: orders.id })
  },
)

const takeForgotten = statement(
  'take_forgotten_orders',
  { againMs: type.float, limit: type.integer },
  (db, { againMs, limit }) => {
    const forgotten = db
      .select({ id: orders.id })
      .from(orders)
      .where(and(isAccepted, lte(orders.wakeAt, NOW), gt(orders.deadlineAt, NOW)))
      .orderBy(asc(orders.wakeAt))
      .limit(limitOf(limit))
      .for('update', { skipLocked: true })
    return db
      .update(orders)
      .set({ wakeAt: sql`least(${orders.deadlineAt}, now() + ${milliseconds(againMs)})` })
      .where(inArray(orders.id, forgotten))
      .returning({ orderId: orders.id })
  },
)

// A literal: an equality in the index of what sleeps.
const TURN_HAS_COME = sql`${orders.wakeAt} = '-infinity'`

const takeNext = statement(
  'take_turns',
  { againMs: type.float, limit: type.integer },
  (db, { againMs, limit }) => {
    const next = db
      .select({ id: orders.id })
      .from(orders)
      .where(and(isAccepted, TURN_HAS_COME, gt(orders.deadlineAt, NOW)))
      .limit(limitOf(limit))
      .for('no key update', { skipLocked: true })
    return db
      .update(orders)
      .set({ wakeAt: sql`least(${orders.deadlineAt}, now() + ${milliseconds(againMs)})` })
      .where(inArray(orders.id, next))
      .returning({ orderId: orders.id })
  },
)

/** The sweeper's view of the orders. */
export function createSweepStore(runner: StatementRunner): SweepStore {
  return {
    doubtOverdueIntents: async (sendDeadlineMs, actor, limit) =>
      idsOf(await doubtAllOverdue(runner, { sendDeadlineMs, actor, limit })),
    expireOverdue: async (actor, limit) => idsOf(await expireOverdue(runner, { actor, limit })),
    takeTurns: async (againMs, limit) => idsOf(await takeNext(runner, { againMs, limit })),
    takeForgotten: async (againMs, limit) => idsOf(await takeForgotten(runner, { againMs, limit })),
  }
}

/** See `OrderStore.doubtOverdueIntent`. */
export async function doubtOverdueIntent(
  runner: StatementRunner,
  orderId: string,
  sendDeadlineMs: number,
  actor: string,
): Promise<string[]> {
  return idsOf(await doubtOverdueOf(runner, { orderId, sendDeadlineMs, actor, limit: 1 }))
}

const idsOf = (moved: readonly { readonly orderId: string }[]) => moved.map(({ orderId }) => orderId)
