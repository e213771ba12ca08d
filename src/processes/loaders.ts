import { coalesce } from '../core/coalesce.ts'
import { coalesceByKey } from '../core/coalesce-by-key.ts'
import type { StoredOrder } from '../orders/ports.ts'
import { findPartnerOrders, type PartnerOrder } from '../orders/queries/partner-orders.ts'
import { submitOrders } from '../orders/store/submissions.ts'
import type { Submission } from '../orders/submission.ts'
import { byReference, type CountedOrder, groupKeyOf, placeCounted } from '../partners/place-counted.ts'
import type { Placed } from '../partners/placed.ts'
import { findValidKeys, type KnownKey } from '../partners/store/keys.ts'
import { type Database, StorageError } from '../postgres/pool.ts'

const MAX_BATCH = 100

/** Queries of every request. Concurrent requests share one statement. */
export interface Loaders {
  findKey(prefix: string): Promise<KnownKey | null>
  findOrder(own: { readonly partner: string; readonly orderId: string }): Promise<PartnerOrder | null>
  submit(order: { readonly orderId: string; readonly submission: Submission }): Promise<StoredOrder | null>
  placeCounted(order: CountedOrder): Promise<Placed>
}

export function createLoaders(database: Database): Loaders {
  const submitAll = async (orders: readonly { orderId: string; submission: Submission }[]) => {
    const partners = [...new Set(orders.map(({ submission }) => submission.partner))]
    const stored = new Map<object, StoredOrder | null>()
    await Promise.all(
      partners.map(async (partner) => {
        const theirs = orders.filter(({ submission }) => submission.partner === partner).sort(byReference)
        const rows = await submitOrders(database, theirs, `partner:${partner}`)
        for (const [position, row] of rows.entries()) stored.set(theirs[position] ?? {}, row ?? null)
      }),
    )
    return orders.map((order) => {
      const row = stored.get(order)
      if (row === undefined) throw new Error('a submission without an answer')
      return row
    })
  }
  const submit = coalesce(MAX_BATCH, submitAll)
  const placeInGroup = coalesceByKey(MAX_BATCH, groupKeyOf, (orders: readonly CountedOrder[]) =>
    placeCounted(database, orders),
  )
  return {
    findKey: coalesce(MAX_BATCH, (prefixes) => findValidKeys(database, prefixes)),
    findOrder: coalesce(MAX_BATCH, (owns) => findPartnerOrders(database, owns)),
    async submit(order) {
      try {
        return await submit(order)
      } catch (error) {
        // An order that Postgres refuses must not fail the others of its statement.
        const isRefused = error instanceof StorageError && /^2[23]/.test(error.code)
        const [row] = isRefused ? await submitAll([order]) : []
        if (row === undefined) throw error
        return row
      }
    },
    async placeCounted(order) {
      const placed = await placeInGroup(order)
      if (placed.status === 'rejected') throw placed.reason
      return placed.value
    },
  }
}
