import type { Submission } from '../orders/submission.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import {
  type Breach,
  breachByItself,
  breachByUsage,
  countsUsage,
  limitsOf,
  mostRupiah,
  type PartnerLimits,
  type Usage,
} from './limits.ts'
import { addUse, lookUpOrders } from './store/batch-usage.ts'
import { listPartners } from './store/partners.ts'
import { lockUsage } from './store/usage.ts'

/** The partner of a plan or a batch, whose limits hold for what is placed of it. */
export interface Owner {
  readonly partner: string
  readonly limits: PartnerLimits
}

/** The owner as it is now. */
export async function readOwner(runner: StatementRunner, partner: string): Promise<Owner | 'suspended'> {
  const [row] = await listPartners(runner, partner)
  if (row === undefined) throw new Error('an owner that is not there')
  return row.state === 'active' ? { partner, limits: limitsOf(row) } : 'suspended'
}

/**
 * What the limits say of an order. `put_off`: the minute's orders are used up, and the next one's are not. `isPermanent`:
 * it breaks the limit by itself, and no waiting mends that.
 */
export type Verdict =
  | { readonly is: 'admitted' }
  | { readonly is: 'put_off' }
  | { readonly is: 'refused'; readonly breach: Breach; readonly isPermanent: boolean }

/** An order to be judged. */
export interface AdmittedOrder {
  /** Stored already: it uses nothing up. */
  readonly isKnown: boolean
  readonly rupiah: bigint
  /** In its national form. */
  readonly wallet: string
  /** Whether the day has it already. */
  readonly isDayWallet: boolean
  /** The limit it breaks whatever was placed before it. */
  readonly byItself: Breach | null
}

/** Judges orders one after the other, each after those before it that are admitted. */
export function admitOrders(
  limits: PartnerLimits,
  { orders, rupiah, wallets }: Pick<Usage, 'orders' | 'rupiah' | 'wallets'>,
  judged: readonly AdmittedOrder[],
): Verdict[] {
  const used = { orders, rupiah, wallets }
  const seen = new Set<string>()
  return judged.map((order): Verdict => {
    if (order.isKnown) return { is: 'admitted' }
    const isNewWallet = !order.isDayWallet && !seen.has(order.wallet)
    const breach = order.byItself ?? breachByUsage(limits, used, { rupiah: order.rupiah, isNewWallet })
    if (breach === 'orders_per_minute') return { is: 'put_off' }
    if (breach !== null) return { is: 'refused', breach, isPermanent: order.byItself !== null }
    used.orders += 1
    used.rupiah += order.rupiah
    used.wallets += isNewWallet ? 1 : 0
    seen.add(order.wallet)
    return { is: 'admitted' }
  })
}

const NO_USAGE = { orders: 0, rupiah: '0', wallets: 0 }

/**
 * Judges orders by what their owner has used. Where usage is counted its row is held until the transaction
 * ends: other schedulers, feeders and orders over HTTP wait for their turn.
 */
export async function admitSubmissions(
  runner: StatementRunner,
  { partner, limits }: Owner,
  submissions: readonly Submission[],
): Promise<Verdict[]> {
  const { rupiah, ...usage } = countsUsage(limits) ? await lockUsage(runner, partner) : NO_USAGE
  const looked = await lookUpOrders(runner, partner, submissions)
  const judged = submissions.map(({ command }, position) => {
    const found = looked[position]
    if (found === undefined) throw new Error('an order that was not looked up')
    return { ...found, byItself: breachByItself(limits, command), rupiah: mostRupiah(command) ?? 0n }
  })
  return admitOrders(limits, { ...usage, rupiah: BigInt(rupiah) }, judged)
}

/** Counts orders that were stored just now, in the transaction in which they were admitted. */
export async function countUse(
  runner: StatementRunner,
  { partner, limits }: Owner,
  stored: readonly Submission[],
): Promise<void> {
  if (!countsUsage(limits) || stored.length === 0) return
  await addUse(runner, partner, {
    orders: stored.length,
    rupiah: stored.reduce((sum, { command }) => sum + (mostRupiah(command) ?? 0n), 0n),
    phoneNumbers: limits.walletsPerDay === null ? null : stored.map(({ command }) => command.phoneNumber),
  })
}
