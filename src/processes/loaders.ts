import { coalesce } from '../core/coalesce.ts'
import { coalesceByKey } from '../core/coalesce-by-key.ts'
import type { NotStored, StoredOrder } from '../orders/ports.ts'
import { findPartnerOrders, type PartnerOrder } from '../orders/queries/partner-orders.ts'
import { coalescedStore } from '../orders/store/coalesced-store.ts'
import { createOrderStore } from '../orders/store/order-store.ts'
import type { Submission } from '../orders/submission.ts'
import { type CountedOrder, groupKeyOf, placeCounted } from '../partners/place-counted.ts'
import type { Placed } from '../partners/placed.ts'
import { findValidKeys, type KnownKey } from '../partners/store/keys.ts'
import type { Database } from '../postgres/pool.ts'

const MAX_BATCH = 100

/** Queries of every request. Concurrent requests share one statement. */
export interface Loaders {
  findKey(prefix: string): Promise<KnownKey | null>
  findOrder(own: { readonly partner: string; readonly orderId: string }): Promise<PartnerOrder | null>
  submit(order: {
    readonly orderId: string
    readonly submission: Submission
  }): Promise<StoredOrder | NotStored>
  placeCounted(order: CountedOrder): Promise<Placed>
}

export function createLoaders(database: Database): Loaders {
  const { submit } = coalescedStore(createOrderStore(database, null))
  const placeInGroup = coalesceByKey(MAX_BATCH, groupKeyOf, (orders: readonly CountedOrder[]) =>
    placeCounted(database, orders),
  )
  return {
    findKey: coalesce(MAX_BATCH, (prefixes) => findValidKeys(database, prefixes)),
    findOrder: coalesce(MAX_BATCH, (owns) => findPartnerOrders(database, owns)),
    async submit(order) {
      const [stored] = await submit([order])
      if (stored === undefined) throw new Error('a submission without an answer')
      return stored
    },
    async placeCounted(order) {
      const placed = await placeInGroup(order)
      if (placed.status === 'rejected') throw placed.reason
      return placed.value
    },
  }
}
