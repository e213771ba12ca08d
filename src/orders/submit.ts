import type { NotStored, OrderStore, StoredOrder } from './ports.ts'
import { hasSameContent } from './same-content.ts'
import type { Submission } from './submission.ts'

/** The same (partner, reference) with the same content is the same order; with other content it is refused. */
export type Approved =
  /** `isNew`: it was not there before. */
  | { readonly is: 'stored'; readonly order: StoredOrder; readonly isNew: boolean }
  | { readonly is: 'conflict'; readonly orderId: string }

/** What became of an order from outside, which may be new and refused. */
export type Submitted = Approved | { readonly is: 'overdue' } | { readonly is: 'wallet_refused' }

type WalletRefused = Exclude<NotStored, 'overdue'>
type NewOrders = Parameters<OrderStore['submit']>[0]

/** Stores orders that are not stored yet. Idempotent: safe to repeat, also at the same time. */
export async function submitOrders(
  submissions: readonly Submission[],
  deps: { store: Pick<OrderStore, 'submit'>; newId(): string },
): Promise<Submitted[]> {
  const rows = numbered(submissions, deps.newId)
  const orders = await deps.store.submit(rows)
  return rows.map((row, position) => {
    const order = orders[position]
    if (order === undefined) throw new Error('a submission without an answer')
    return typeof order === 'string' ? { is: order } : comparedWith(row, order)
  })
}

/** The same for orders that were accepted earlier, as rows of a batch or runs of a plan. */
export async function submitApproved(
  submissions: readonly Submission[],
  deps: {
    store: { submitApproved(orders: NewOrders, actor: string): Promise<(StoredOrder | WalletRefused)[]> }
    newId(): string
    actor: string
  },
): Promise<(Approved | { readonly is: WalletRefused })[]> {
  const rows = numbered(submissions, deps.newId)
  const orders = await deps.store.submitApproved(rows, deps.actor)
  return rows.map((row, position) => {
    const order = orders[position]
    if (order === undefined) throw new Error('a submission without an answer')
    return typeof order === 'string' ? { is: order } : comparedWith(row, order)
  })
}

const numbered = (submissions: readonly Submission[], newId: () => string) =>
  submissions.map((submission) => ({ orderId: newId(), submission }))

function comparedWith({ orderId, submission }: NewOrders[number], order: StoredOrder): Approved {
  return hasSameContent(order, submission)
    ? { is: 'stored', order, isNew: order.orderId === orderId }
    : { is: 'conflict', orderId: order.orderId }
}
