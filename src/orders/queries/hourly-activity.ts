import { sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { statement } from '../../postgres/statement.ts'
import { attempts, orders } from '../schema.ts'

/** One hour of the last 24. */
export interface HourOfActivity {
  /** Its beginning. */
  readonly hour: Date
  readonly succeeded: number
  readonly failed: number
  readonly open: number
  readonly doubts: number
  readonly requotes: number
  /** Seconds from an intent to its reply; null when none ended. */
  readonly p50: number | null
  readonly p99: number | null
}

const hourOf = (column: typeof orders.acceptedAt | typeof attempts.intentAt) =>
  sql`date_trunc('hour', ${column})`
const since = sql`date_trunc('hour', now()) - interval '23 hours'`
const countOf = (condition: ReturnType<typeof sql>) =>
  sql<number>`(count(*) filter (where ${condition}))::int`

const countOrdersByHour = statement('count_orders_by_hour', {}, (db) =>
  db
    .select({
      hour: sql<Date>`${hourOf(orders.acceptedAt)}`.mapWith(orders.acceptedAt),
      succeeded: countOf(sql`${orders.state} = 'succeeded'`),
      failed: countOf(sql`${orders.state} in ('rejected', 'expired', 'cancelled')`),
      open: countOf(sql`${orders.settledAt} is null`),
    })
    .from(orders)
    .where(sql`${orders.acceptedAt} >= ${since}`)
    .groupBy(sql`1`),
)

const secondsAt = (quantile: string) =>
  sql<
    number | null
  >`percentile_cont(${sql.raw(quantile)}) within group (order by extract(epoch from ${attempts.endedAt} - ${attempts.intentAt}))`

const measureAttemptsByHour = statement('measure_attempts_by_hour', {}, (db) =>
  db
    .select({
      hour: sql<Date>`${hourOf(attempts.intentAt)}`.mapWith(attempts.intentAt),
      doubts: countOf(sql`${attempts.outcome} = 'in_doubt'`),
      requotes: countOf(sql`${attempts.outcome} = 'price_changed'`),
      p50: secondsAt('0.5'),
      p99: secondsAt('0.99'),
    })
    .from(attempts)
    .where(sql`${attempts.intentAt} >= ${since}`)
    .groupBy(sql`1`),
)

const HOUR_MS = 3_600_000

/** What happened in each of the last 24 hours, the oldest first. */
export async function readHourlyActivity(runner: StatementRunner, nowMs: number): Promise<HourOfActivity[]> {
  const byOrders = new Map(
    (await countOrdersByHour(runner, {})).map((row) => [row.hour.getTime(), row] as const),
  )
  const byAttempts = new Map(
    (await measureAttemptsByHour(runner, {})).map((row) => [row.hour.getTime(), row] as const),
  )
  const last = Math.floor(nowMs / HOUR_MS) * HOUR_MS
  return Array.from({ length: 24 }, (_, position) => {
    const hour = last - (23 - position) * HOUR_MS
    const { succeeded = 0, failed = 0, open = 0 } = byOrders.get(hour) ?? {}
    const { doubts = 0, requotes = 0, p50 = null, p99 = null } = byAttempts.get(hour) ?? {}
    return { hour: new Date(hour), succeeded, failed, open, doubts, requotes, p50, p99 }
  })
}
