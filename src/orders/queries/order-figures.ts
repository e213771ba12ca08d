import { and, isNotNull, isNull, min, ne, sql } from 'drizzle-orm'
import type { Database, StatementRunner } from '../../postgres/pool.ts'
import { statement } from '../../postgres/statement.ts'
import type { OrderKind } from '../command.ts'
import type { AttemptOutcome, OrderState } from '../lifecycle.ts'
import { attempts, orders } from '../schema.ts'

/** What metrics show of the orders. They contain no partner, wallet or reference. */
export interface OrderFigures {
  /** All orders that have not ended, and those accepted in the last 24 hours that have. */
  readonly orders: readonly { kind: OrderKind; state: OrderState; count: number }[]
  readonly oldestOpenS: number
  readonly rupiahInDoubt: number
  /** The attempts that began in the last five minutes. */
  readonly attempts: readonly { outcome: AttemptOutcome; count: number }[]
  readonly confirmSeconds: readonly { quantile: number; seconds: number }[]
}

const count = sql<number>`count(*)::int`

// Each statement reads an index of few rows: counting all orders would take longer the more there are.
const selectOrderCounts = statement('measure_orders', {}, (db) => {
  const counts = db.select({ kind: orders.kind, state: orders.state, count: count.as('count') }).from(orders)
  const isRecent = sql`${orders.acceptedAt} > now() - interval '24 hours'`
  const recent = db
    .select({ kind: orders.kind, state: orders.state, count: count.as('count') })
    .from(orders)
    .where(and(isRecent, isNotNull(orders.settledAt)))
    .groupBy(orders.kind, orders.state)
  return counts.where(isNull(orders.settledAt)).groupBy(orders.kind, orders.state).unionAll(recent)
})

const selectOldestOpen = statement('measure_open_orders', {}, (db) =>
  db
    .select({
      oldestOpenS: sql<number>`coalesce(extract(epoch from now() - min(${orders.acceptedAt})), 0)::float8`,
    })
    .from(orders)
    .where(and(isNull(orders.settledAt), ne(orders.state, 'in_doubt'))),
)

const selectDoubts = statement('measure_doubts', {}, (db) =>
  db
    .select({ rupiahInDoubt: sql<number>`coalesce(sum(${attempts.quotedAmount}), 0)::float8` })
    .from(attempts)
    .where(sql`${attempts.outcome} = 'in_doubt'`),
)

const isRecentAttempt = sql`${attempts.intentAt} > now() - interval '5 minutes'`

const selectAttemptCounts = statement('measure_attempts', {}, (db) =>
  db
    .select({ outcome: attempts.outcome, count })
    .from(attempts)
    .where(isRecentAttempt)
    .groupBy(attempts.outcome),
)

/** Null when no attempt of the last five minutes has ended. */
const secondsAt = (quantile: number) =>
  sql<
    number | null
  >`percentile_cont(${sql.raw(String(quantile))}) within group (order by extract(epoch from ${attempts.endedAt} - ${attempts.intentAt}))`

const selectConfirmSeconds = statement('measure_confirms', {}, (db) =>
  db
    .select({ p50: secondsAt(0.5), p95: secondsAt(0.95), p99: secondsAt(0.99) })
    .from(attempts)
    .where(and(isRecentAttempt, isNotNull(attempts.endedAt))),
)

/** Measures the orders as they are now. */
export async function measureOrders(database: Database): Promise<OrderFigures> {
  const [open] = await selectOldestOpen(database, {})
  const [doubts] = await selectDoubts(database, {})
  return {
    orders: await selectOrderCounts(database, {}),
    oldestOpenS: open?.oldestOpenS ?? 0,
    rupiahInDoubt: doubts?.rupiahInDoubt ?? 0,
    attempts: await selectAttemptCounts(database, {}),
    confirmSeconds: await measureConfirms(database),
  }
}

async function measureConfirms(database: Database): Promise<OrderFigures['confirmSeconds']> {
  const [confirms] = await selectConfirmSeconds(database, {})
  const quantiles = [
    { quantile: 0.5, seconds: confirms?.p50 ?? null },
    { quantile: 0.95, seconds: confirms?.p95 ?? null },
    { quantile: 0.99, seconds: confirms?.p99 ?? null },
  ]
  return quantiles.flatMap(({ quantile, seconds }) => (seconds === null ? [] : [{ quantile, seconds }]))
}

const selectFirstAccepted = statement('first_accepted_at', {}, (db) =>
  db.select({ at: min(orders.acceptedAt) }).from(orders),
)

/** When the first order was accepted; null before there is one. */
export async function firstAcceptedAt(runner: StatementRunner): Promise<Date | null> {
  const [row] = await selectFirstAccepted(runner, {})
  return row?.at ?? null
}
