import type { StoredOrder } from '../orders/ports.ts'
import { hasSameContent } from '../orders/same-content.ts'
import type { Submission } from '../orders/submission.ts'
import type { Breach, Usage } from './limits.ts'

/** The partner's usage after an order, as far as its answer says. */
export type ShownUsage = Pick<Usage, 'orders' | 'minuteEndsInS' | 'dayEndsInS'>

/** What became of a partner's order. `usage` is null where nothing is counted. */
export type Placed =
  | {
      readonly is: 'stored'
      readonly order: StoredOrder
      /** It was stored just now. */
      readonly isNew: boolean
      readonly usage: ShownUsage | null
    }
  | { readonly is: 'conflict'; readonly order: StoredOrder; readonly usage: ShownUsage | null }
  | { readonly is: 'refused'; readonly breach: Breach; readonly usage: ShownUsage | null }
  /** The order would be new, and is not stored. */
  | { readonly is: 'overdue' | 'wallet_refused'; readonly usage: ShownUsage | null }

/** The answer to an order whose reference is stored, now or before. */
export function placedAs(
  { orderId, submission }: { readonly orderId: string | null; readonly submission: Submission },
  order: StoredOrder,
  usage: ShownUsage | null,
): Placed {
  return hasSameContent(order, submission)
    ? { is: 'stored', order, isNew: order.orderId === orderId, usage }
    : { is: 'conflict', order, usage }
}
