import { type SQL, sql } from 'drizzle-orm'
import { orders } from '../schema.ts'

/** How long after its last sign of life an accepted order is woken by the sweeper. */
export const WAKE_GRACE = sql`interval '60 seconds'`

/** When the sweeper wakes an order that is left for later by so much; its deadline comes first. */
export function wakeAfter(delay: SQL = sql`interval '0'`): SQL {
  return sql`least(${orders.deadlineAt}, now() + ${delay} + ${WAKE_GRACE})`
}
