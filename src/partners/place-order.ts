import type { StoredOrder } from '../orders/ports.ts'
import { findStored } from '../orders/store/submissions.ts'
import type { Submission } from '../orders/submission.ts'
import type { Database } from '../postgres/pool.ts'
import {
  type Breach,
  breachByItself,
  breachByUsage,
  countsUsage,
  mostRupiah,
  type PartnerLimits,
  type Usage,
} from './limits.ts'
import { admitOrder, type UsageRow } from './store/usage.ts'

/** What became of a partner's order. `usage` is null where nothing is counted. */
export type Placed =
  | { readonly is: 'stored'; readonly order: StoredOrder; readonly usage: Usage | null }
  | { readonly is: 'conflict'; readonly order: StoredOrder; readonly usage: Usage | null }
  | { readonly is: 'refused'; readonly breach: Breach; readonly usage: Usage | null }
  /** It would be new, and its deadline has passed. */
  | { readonly is: 'overdue'; readonly usage: Usage | null }

export interface PlacingDeps {
  readonly database: Database
  /** Stores an order that is not stored yet, and gives the stored one of its reference; null: its deadline has passed. */
  submit(order: { readonly orderId: string; readonly submission: Submission }): Promise<StoredOrder | null>
  newId(): string
}

/**
 * Stores a partner's order within its limits. Idempotent: an order that is stored already is found again, also when the
 * limits would not let it in any more.
 */
export async function placeOrder(
  submission: Submission,
  limits: PartnerLimits,
  deps: PlacingDeps,
): Promise<Placed> {
  const { database } = deps
  const actor = `partner:${submission.partner}`
  const breach = breachByItself(limits, submission.command)
  if (breach !== null) {
    const [known] = await findStored(database, [submission])
    return known === undefined ? { is: 'refused', breach, usage: null } : found(submission, known, null)
  }
  if (!countsUsage(limits)) {
    const order = await deps.submit({ orderId: deps.newId(), submission })
    return order === null ? { is: 'overdue', usage: null } : found(submission, order, null)
  }
  const rupiah = mostRupiah(submission.command) ?? 0n
  const candidate = {
    orderId: deps.newId(),
    submission,
    rupiah,
    countsWallets: limits.walletsPerDay !== null,
  }
  const decide = (usage: UsageRow, isNewWallet: boolean) =>
    breachByUsage(limits, usageOf(usage), { rupiah, isNewWallet })
  const admission = await admitOrder(database, candidate, decide, actor)
  const usage = usageOf(admission.usage)
  switch (admission.is) {
    case 'refused':
      return { is: 'refused', breach: admission.breach, usage }
    case 'overdue':
      return { is: 'overdue', usage }
    case 'stored':
      return found(submission, admission.order, usage)
  }
}

function found(submission: Submission, order: StoredOrder, usage: Usage | null): Placed {
  return { is: order.contentHash === submission.contentHash ? 'stored' : 'conflict', order, usage }
}

function usageOf(row: UsageRow): Usage {
  return { ...row, rupiah: BigInt(row.rupiah) }
}
