import type { Submission } from '../domain/submission.ts'
import type { OrderStore, StoredOrder } from './ports.ts'

/** The same (partner, reference) with the same content is the same order; with other content it is refused. */
export type Submitted =
  /** `isNew`: it was not there before. */
  | { readonly is: 'stored'; readonly order: StoredOrder; readonly isNew: boolean }
  | { readonly is: 'conflict'; readonly orderId: string }

/** Stores orders that are not stored yet. Idempotent: safe to repeat for ever, and at once. */
export async function submitOrders(
  submissions: readonly Submission[],
  effects: { store: Pick<OrderStore, 'submit'>; newId(): string; actor: string },
): Promise<Submitted[]> {
  const rows = submissions.map((submission) => ({ orderId: effects.newId(), submission }))
  const orders = await effects.store.submit(rows, effects.actor)
  return orders.map((order, position) =>
    order.contentHash === submissions[position]?.contentHash
      ? { is: 'stored', order, isNew: order.orderId === rows[position]?.orderId }
      : { is: 'conflict', orderId: order.orderId },
  )
}
