import type { CountedOrder } from '../../partners/place-counted.ts'
import type { Placed } from '../../partners/placed.ts'
import type { NotStored, StoredOrder } from '../ports.ts'
import type { PartnerOrder } from '../queries/partner-orders.ts'
import type { Submission } from '../submission.ts'

declare module '../../http/route.ts' {
  interface ApiDeps {
    findOrder(own: { readonly partner: string; readonly orderId: string }): Promise<PartnerOrder | null>
    /** Stores an order that is not stored yet, and returns the stored one of its reference, or why there is none. */
    submit(order: {
      readonly orderId: string
      readonly submission: Submission
    }): Promise<StoredOrder | NotStored>
    /** Places an order of a partner whose usage is counted. */
    placeCounted(order: CountedOrder): Promise<Placed>
    /** Adds a job that wakes a worker for the order. Neither waits nor fails. */
    wake(orderId: string): void
  }
}
