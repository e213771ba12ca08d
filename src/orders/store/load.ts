import type { StatementRunner } from '../../postgres/pool.ts'
import { list, nullable, statement, type } from '../../postgres/statement.ts'
import type { StoredOrder } from '../ports.ts'
import { orders } from '../schema.ts'
import { isAmong, laneFrontOf, STORED_ORDER } from './order-rows.ts'

const load = statement(
  'load_orders',
  { orderIds: list(orders.id), debitsWait: nullable(type.boolean) },
  (db, { orderIds, debitsWait }) =>
    db
      .select({ ...STORED_ORDER, waitsFor: laneFrontOf(debitsWait) })
      .from(orders)
      .where(isAmong(orders.id, orderIds)),
)

/** See `OrderStore.load`. */
export function loadOrders(
  runner: StatementRunner,
  orderIds: readonly string[],
  debitsWait: boolean | null,
): Promise<StoredOrder[]> {
  return load(runner, { orderIds, debitsWait })
}
