import type { NotStored, StoredOrder } from '../orders/ports.ts'
import { findStored } from '../orders/store/submissions.ts'
import type { Submission } from '../orders/submission.ts'
import type { Database } from '../postgres/pool.ts'
import { breachByItself, countsUsage, type PartnerLimits } from './limits.ts'
import type { CountedOrder } from './place-counted.ts'
import { type Placed, placedAs } from './placed.ts'

export interface PlacingDeps {
  readonly database: Database
  /** Stores an order that is not stored yet, and returns the stored one of its reference, or why there is none. */
  submit(order: {
    readonly orderId: string
    readonly submission: Submission
  }): Promise<StoredOrder | NotStored>
  /** Places an order of a partner whose usage is counted. */
  placeCounted(order: CountedOrder): Promise<Placed>
  newId(): string
}

/**
 * Stores a partner's order within its limits. Idempotent: an order that is stored already is found again, also when the
 * limits no longer allow it.
 */
export async function placeOrder(
  submission: Submission,
  limits: PartnerLimits,
  deps: PlacingDeps,
): Promise<Placed> {
  const breach = breachByItself(limits, submission.command)
  if (breach !== null) {
    const [known] = await findStored(deps.database, [submission])
    return known === undefined
      ? { is: 'refused', breach, usage: null }
      : placedAs({ orderId: null, submission }, known, null)
  }
  const orderId = deps.newId()
  if (countsUsage(limits)) return await deps.placeCounted({ orderId, submission, limits })
  const order = await deps.submit({ orderId, submission })
  return typeof order === 'string'
    ? { is: order, usage: null }
    : placedAs({ orderId, submission }, order, null)
}
