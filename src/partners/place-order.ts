import type { StoredOrder } from '../orders/ports.ts'
import { hasSameContent } from '../orders/same-content.ts'
import { findStored, submitOrders } from '../orders/store/submissions.ts'
import type { Submission } from '../orders/submission.ts'
import type { Database, StatementRunner } from '../postgres/pool.ts'
import {
  type Breach,
  breachByItself,
  breachByUsage,
  countsUsage,
  mostRupiah,
  type PartnerLimits,
  type Usage,
} from './limits.ts'
import { addDayWallets } from './store/day-wallets.ts'
import { addUsage, lockUsage } from './store/usage.ts'

/** What became of a partner's order. `usage` is null where nothing is counted. */
export type Placed =
  | { readonly is: 'stored'; readonly order: StoredOrder; readonly usage: Usage | null }
  | { readonly is: 'conflict'; readonly order: StoredOrder; readonly usage: Usage | null }
  | NotPlaced

type NotPlaced =
  | { readonly is: 'refused'; readonly breach: Breach; readonly usage: Usage | null }
  /** The order would be new, and its deadline has passed. */
  | { readonly is: 'overdue'; readonly usage: Usage | null }

export interface PlacingDeps {
  readonly database: Database
  /** Stores an order that is not stored yet, and returns the stored one of its reference; null: its deadline has passed. */
  submit(order: { readonly orderId: string; readonly submission: Submission }): Promise<StoredOrder | null>
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
  const { database } = deps
  const breach = breachByItself(limits, submission.command)
  if (breach !== null) {
    const [known] = await findStored(database, [submission])
    return known === undefined ? { is: 'refused', breach, usage: null } : found(submission, known, null)
  }
  const orderId = deps.newId()
  if (countsUsage(limits)) return await placeCounted(database, { orderId, submission, limits })
  const order = await deps.submit({ orderId, submission })
  return order === null ? { is: 'overdue', usage: null } : found(submission, order, null)
}

function found(submission: Submission, order: StoredOrder, usage: Usage | null): Placed {
  return { is: hasSameContent(order, submission) ? 'stored' : 'conflict', order, usage }
}

interface CountedOrder {
  readonly orderId: string
  readonly submission: Submission
  readonly limits: PartnerLimits
}

/** Rolls back the transaction of an order that is not stored: the wallet of a refused order is not one of the day's. */
class OrderNotPlaced extends Error {
  override name = 'OrderNotPlaced'
  readonly outcome: NotPlaced

  constructor(outcome: NotPlaced) {
    super(outcome.is)
    this.outcome = outcome
  }
}

/** Places an order of a partner whose usage is counted: it is counted, decided and stored in one transaction. */
async function placeCounted(database: Database, order: CountedOrder): Promise<Placed> {
  try {
    return await database.transaction((runner) => placeInTurn(runner, order))
  } catch (error) {
    if (error instanceof OrderNotPlaced) return error.outcome
    throw error
  }
}

/** The partner's orders take turns on the row of its usage. An order that is stored already uses nothing up. */
async function placeInTurn(
  runner: StatementRunner,
  { orderId, submission, limits }: CountedOrder,
): Promise<Placed> {
  const { partner, command } = submission
  const usage = await lockUsage(runner, partner)
  const [known] = await findStored(runner, [submission])
  if (known !== undefined) return found(submission, known, usage)
  // Wallets are stored only where they are limited.
  const added =
    limits.walletsPerDay === null ? 0 : await addDayWallets(runner, partner, [command.phoneNumber])
  const rupiah = mostRupiah(command) ?? 0n
  const breach = breachByUsage(limits, usage, { rupiah, isNewWallet: added > 0 })
  if (breach !== null) throw new OrderNotPlaced({ is: 'refused', breach, usage })
  const [order] = await submitOrders(runner, [{ orderId, submission }])
  if (order === undefined) throw new OrderNotPlaced({ is: 'overdue', usage })
  // Jobs of the queue take no turns: one may have stored the order meanwhile.
  if (order.orderId !== orderId) return found(submission, order, usage)
  const used = await addUsage(runner, partner, { orders: 1, rupiah, wallets: added })
  return found(submission, order, { ...usage, ...used })
}
