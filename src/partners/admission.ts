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
import { addDayWallets } from './store/day-wallets.ts'
import { listPartners } from './store/partners.ts'
import { addUsage, findKnownOrders, lockUsage } from './store/usage.ts'

/** The partner of a plan or a batch, whose limits hold for its orders. */
export interface Owner {
  readonly partner: string
  readonly limits: PartnerLimits
}

/** Reads the owner as it is now. */
export async function readOwner(runner: StatementRunner, partner: string): Promise<Owner | 'suspended'> {
  const [row] = await listPartners(runner, partner)
  if (row === undefined) throw new Error('the owner does not exist')
  return row.state === 'active' ? { partner, limits: limitsOf(row) } : 'suspended'
}

/**
 * What the limits say of an order. `deferred`: the minute's orders are used up; another minute admits it. `isPermanent`:
 * it breaks the limit by itself, so retrying cannot succeed.
 */
export type Verdict =
  /** `isCounted`: it is new, so it uses something up. */
  | { readonly is: 'admitted'; readonly isCounted: boolean }
  | { readonly is: 'deferred' }
  | { readonly is: 'refused'; readonly breach: Breach; readonly isPermanent: boolean }

/** An order to be admitted or not. */
export interface Candidate {
  /** Stored already: it uses nothing up. */
  readonly isKnown: boolean
  readonly reference: string
  readonly rupiah: bigint
  /** In its stored form. */
  readonly wallet: string
  /** Whether the day has it already. */
  readonly isDayWallet: boolean
  /** The limit it breaks by itself, whatever was placed before it. */
  readonly byItself: Breach | null
}

/** Decides on orders one after the other: each counts, and knows again, the admitted ones before it. */
export function admitOrders(
  limits: PartnerLimits,
  { orders, rupiah, wallets }: Pick<Usage, 'orders' | 'rupiah' | 'wallets'>,
  candidates: readonly Candidate[],
): Verdict[] {
  const used = { orders, rupiah, wallets }
  const seen = new Set<string>()
  const references = new Set<string>()
  return candidates.map((order): Verdict => {
    if (order.isKnown || references.has(order.reference)) return { is: 'admitted', isCounted: false }
    const isNewWallet = !order.isDayWallet && !seen.has(order.wallet)
    const breach = order.byItself ?? breachByUsage(limits, used, { rupiah: order.rupiah, isNewWallet })
    if (breach === 'orders_per_minute') return { is: 'deferred' }
    if (breach !== null) return { is: 'refused', breach, isPermanent: order.byItself !== null }
    used.orders += 1
    used.rupiah += order.rupiah
    used.wallets += isNewWallet ? 1 : 0
    seen.add(order.wallet)
    references.add(order.reference)
    return { is: 'admitted', isCounted: true }
  })
}

const NO_USAGE = { orders: 0, rupiah: 0n, wallets: 0 }

/**
 * Decides which orders the owner's limits admit. Where usage is counted, its row is locked until the transaction ends:
 * other schedulers, feeders and orders over HTTP wait for their turn.
 */
export async function admitSubmissions(
  runner: StatementRunner,
  owner: Owner,
  submissions: readonly Submission[],
): Promise<Verdict[]> {
  const usage = countsUsage(owner.limits) ? await lockUsage(runner, owner.partner) : NO_USAGE
  return await admitSubmissionsWithin(runner, owner, usage, submissions)
}

/** The same where the caller has locked the usage. */
export async function admitSubmissionsWithin(
  runner: StatementRunner,
  { partner, limits }: Owner,
  usage: Pick<Usage, 'orders' | 'rupiah' | 'wallets'>,
  submissions: readonly Submission[],
): Promise<Verdict[]> {
  const known = await findKnownOrders(runner, partner, submissions)
  const candidates = submissions.map(({ reference, command }, position) => {
    const found = known[position]
    if (found === undefined) throw new Error('an order that was not looked up')
    const byItself = breachByItself(limits, command)
    return { ...found, reference, byItself, rupiah: mostRupiah(command) ?? 0n }
  })
  return admitOrders(limits, usage, candidates)
}

/** Counts orders that were stored just now, in the transaction in which they were admitted. */
export async function countUse(
  runner: StatementRunner,
  { partner, limits }: Owner,
  stored: readonly Submission[],
): Promise<void> {
  if (!countsUsage(limits) || stored.length === 0) return
  const phoneNumbers = stored.map(({ command }) => command.phoneNumber)
  await addUsage(runner, partner, {
    orders: stored.length,
    rupiah: stored.reduce((sum, { command }) => sum + (mostRupiah(command) ?? 0n), 0n),
    // Wallets are stored only where they are limited.
    wallets: limits.walletsPerDay === null ? 0 : await addDayWallets(runner, partner, phoneNumbers),
  })
}
