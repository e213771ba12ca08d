import { and, asc, eq, exists, gte, inArray, isNull, lt, sql } from 'drizzle-orm'
import type { Period } from '../core/business-days.ts'
import type { GoldWeight, Rupiah } from '../core/money.ts'
import type { OrderKind } from '../orders/command.ts'
import { attempts, orders } from '../orders/schema.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { present, statement } from '../postgres/statement.ts'
import { breaks } from './breaks-schema.ts'
import { statementMatches } from './runs-schema.ts'
import { statements } from './statements/schema.ts'

/**
 * The settlement of a partner's day: its executions whose confirms were sent on the day. `intent_at` never changes, no attempt
 * gets one of a day that is over, and an attempt that succeeded is final. So once nothing of the day is in flight or in doubt,
 * the rows are the same for ever.
 */

/** One execution of the day. */
export interface SettledOrder {
  readonly orderId: string
  readonly reference: string
  readonly kind: OrderKind
  readonly sessionId: string | null
  readonly responseId: string | null
  readonly goldWeight: GoldWeight
  readonly amount: Rupiah
  readonly fee: Rupiah
  readonly confirmedAt: Date
}

const DAY = { partner: orders.partner, from: attempts.intentAt, to: attempts.intentAt }

const selectSettled = statement('read_settlement', DAY, (db, { partner, from, to }) =>
  db
    .select({
      orderId: orders.id,
      reference: orders.reference,
      kind: orders.kind,
      sessionId: attempts.sessionId,
      responseId: attempts.responseId,
      goldWeight: present(attempts.goldWeight),
      amount: present(attempts.amount),
      fee: present(attempts.fee),
      confirmedAt: attempts.intentAt,
    })
    .from(attempts)
    .innerJoin(orders, eq(orders.id, attempts.orderId))
    .where(
      and(
        eq(orders.partner, partner),
        eq(attempts.outcome, 'succeeded'),
        gte(attempts.intentAt, from),
        lt(attempts.intentAt, to),
      ),
    )
    .orderBy(asc(attempts.intentAt), asc(orders.id)),
)

/** The partner's executions of a day, the first one first. */
export async function readSettlement(
  runner: StatementRunner,
  partner: string,
  day: Period,
): Promise<SettledOrder[]> {
  return await selectSettled(runner, { partner, ...day })
}

// Transactions of the day may commit a little after its end.
const hasEnded = statement('has_day_ended', { to: attempts.intentAt }, (db, { to }) =>
  db
    .select({ isOver: sql<boolean>`clock_timestamp() > ${to} + interval '10 minutes'` })
    .from(sql`(select 1) one`),
)

const countOpen = statement('count_open_of_day', DAY, (db, { partner, from, to }) =>
  db
    .select({ count: sql<number>`count(*)::int` })
    .from(attempts)
    .innerJoin(orders, eq(orders.id, attempts.orderId))
    .where(
      and(
        eq(orders.partner, partner),
        inArray(attempts.outcome, ['intent', 'in_doubt']),
        gte(attempts.intentAt, from),
        lt(attempts.intentAt, to),
      ),
    ),
)

// A checkout that may have executed is a doubt without an attempt, and what a recovery holds may have been executed.
const countHeld = statement(
  'count_held_of_day',
  { partner: orders.partner, to: orders.acceptedAt },
  (db, { partner, to }) =>
    db
      .select({ count: sql<number>`count(*)::int` })
      .from(orders)
      .where(
        and(
          eq(orders.partner, partner),
          isNull(orders.settledAt),
          lt(orders.acceptedAt, to),
          eq(orders.state, 'held'),
          inArray(orders.reason, ['executed_at_checkout', 'restored']),
        ),
      ),
)

const findDeclared = statement(
  'is_day_declared',
  { from: attempts.intentAt, to: attempts.intentAt },
  (db, { from, to }) => {
    const bySource = db
      .select({
        isCovered:
          sql<boolean>`coalesce(range_agg(tstzrange(${statements.periodFrom}, ${statements.periodTo})) filter (where is_approved_complete(${statements.id})), '{}') @> tstzrange(${from}, ${to})`.as(
            'is_covered',
          ),
      })
      .from(statements)
      // A source whose last statement is 30 days old counts no more.
      .where(
        and(
          isNull(statements.replacedAt),
          sql`${statements.periodTo} > ${from} - interval '30 days'`,
          lt(statements.periodFrom, to),
        ),
      )
      .groupBy(statements.source)
      .as('by_source')
    return db
      .select({ isDeclared: sql<boolean>`count(*) > 0 and coalesce(bool_and(${bySource.isCovered}), false)` })
      .from(bySource)
  },
)

// Each execution is a line of a statement, or two people have closed what differs.
const countUnreconciled = statement('count_unreconciled_of_day', DAY, (db, { partner, from, to }) => {
  const matched = db
    .select({ one: sql`1` })
    .from(statementMatches)
    .where(
      and(
        eq(statementMatches.orderId, attempts.orderId),
        eq(statementMatches.seq, attempts.seq),
        sql`${statementMatches.current}`,
      ),
    )
  const ofTheOrder = (state: 'open' | 'closed') =>
    exists(
      db
        .select({ one: sql`1` })
        .from(breaks)
        .where(and(eq(breaks.orderId, attempts.orderId), eq(breaks.state, state))),
    )
  return db
    .select({ count: sql<number>`count(*)::int` })
    .from(attempts)
    .innerJoin(orders, eq(orders.id, attempts.orderId))
    .where(
      and(
        eq(orders.partner, partner),
        eq(attempts.outcome, 'succeeded'),
        gte(attempts.intentAt, from),
        lt(attempts.intentAt, to),
        sql`(${ofTheOrder('open')} or not (${exists(matched)} or ${ofTheOrder('closed')}))`,
      ),
    )
})

/** Why a partner's day cannot be settled yet, as a sentence; null when it is complete. */
export async function whyUnsettled(
  runner: StatementRunner,
  partner: string,
  { from, to }: Period,
): Promise<string | null> {
  const [ended] = await hasEnded(runner, { to })
  if (ended?.isOver !== true) return 'the day has not ended in Jakarta, or ended less than ten minutes ago'
  const [open] = await countOpen(runner, { partner, from, to })
  const [held] = await countHeld(runner, { partner, to })
  const unknown = (open?.count ?? 0) + (held?.count ?? 0)
  if (unknown > 0) return `of ${unknown} of your orders it is not known yet whether they were executed`
  const [declared] = await findDeclared(runner, { from, to })
  if (declared?.isDeclared !== true)
    return "the gateway's statements of the day are not declared complete yet"
  const [unreconciled] = await countUnreconciled(runner, { partner, from, to })
  const count = unreconciled?.count ?? 0
  return count === 0 ? null : `${count} of your executed orders are not reconciled with the statements yet`
}
