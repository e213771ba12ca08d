import type { Database } from '../../postgres/pool.ts'
import type { OrderKind } from '../command.ts'
import type { AttemptOutcome, OrderState } from '../lifecycle.ts'

/** What is measured of the orders. No partner, wallet or reference is in it. */
export interface OrderFigures {
  /** Those that have not ended, however old, and those accepted in the last 24 hours that have. */
  readonly orders: readonly { kind: OrderKind; state: OrderState; count: number }[]
  readonly oldestOpenS: number
  readonly rupiahInDoubt: number
  /** Of the attempts that began in the last five minutes. */
  readonly attempts: readonly { outcome: AttemptOutcome; count: number }[]
  readonly confirmSeconds: readonly { quantile: number; seconds: number }[]
}

// Each by an index: counting all orders there ever were takes as long as there are more of them.
const ORDERS = {
  name: 'measure_orders',
  text: `
    SELECT kind, state, count(*)::int AS count FROM orders WHERE settled_at IS NULL GROUP BY kind, state
    UNION ALL
    SELECT kind, state, count(*)::int AS count FROM orders
    WHERE accepted_at > now() - interval '24 hours' AND settled_at IS NOT NULL GROUP BY kind, state`,
}
const OPEN = {
  name: 'measure_open_orders',
  text: `
    SELECT coalesce(extract(epoch FROM now() - min(accepted_at)), 0)::float8 AS "oldestOpenS"
    FROM orders WHERE settled_at IS NULL AND state <> 'in_doubt'`,
}
const DOUBTS = {
  name: 'measure_doubts',
  text: `SELECT coalesce(sum(quoted_amount), 0)::float8 AS "rupiahInDoubt" FROM attempts WHERE outcome = 'in_doubt'`,
}
const RECENT_ATTEMPTS = {
  name: 'measure_attempts',
  text: `
    SELECT outcome, count(*)::int AS count FROM attempts
    WHERE intent_at > now() - interval '5 minutes' GROUP BY outcome`,
}
const CONFIRM_SECONDS = {
  name: 'measure_confirms',
  text: `
    SELECT q AS quantile, s AS seconds
    FROM (SELECT percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - intent_at)) AS p
      FROM attempts WHERE intent_at > now() - interval '5 minutes' AND ended_at IS NOT NULL) x,
      unnest(ARRAY[0.5, 0.95, 0.99]::float8[], p) AS u (q, s)
    WHERE s IS NOT NULL`,
}

/** Measures the orders as they are now. */
export async function measureOrders(database: Database): Promise<OrderFigures> {
  const [open] = await database.run<{ oldestOpenS: number }>(OPEN, [])
  const [doubts] = await database.run<{ rupiahInDoubt: number }>(DOUBTS, [])
  return {
    orders: await database.run(ORDERS, []),
    oldestOpenS: open?.oldestOpenS ?? 0,
    rupiahInDoubt: doubts?.rupiahInDoubt ?? 0,
    attempts: await database.run(RECENT_ATTEMPTS, []),
    confirmSeconds: await database.run(CONFIRM_SECONDS, []),
  }
}
