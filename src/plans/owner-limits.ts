import { lockUsage } from '../db/admission.ts'
import { addUse, lookUpOrders } from '../db/batch-admission.ts'
import { listPartners } from '../db/partner-store.ts'
import type { StatementRunner } from '../db/pool.ts'
import type { Submission } from '../domain/submission.ts'
import {
  type Breach,
  breachByItself,
  breachByUsage,
  type CountedOrder,
  countsUsage,
  limitsOf,
  mostRupiah,
  type PartnerLimits,
  type Usage,
} from '../partners/limits.ts'

/** Whose limits hold for the runs of a plan. */
export interface Owner {
  readonly partner: string
  readonly limits: PartnerLimits
}

/** The owner of a plan as it is now. */
export async function readOwner(runner: StatementRunner, partner: string): Promise<Owner | 'suspended'> {
  const [row] = await listPartners(runner, partner)
  if (row === undefined) throw new Error('a plan whose owner is not there')
  return row.state === 'active' ? { partner, limits: limitsOf(row) } : 'suspended'
}

/** What the limits say of an order. `put_off`: the minute's orders are used up, and the next one's are not. */
export type Verdict =
  | { readonly is: 'admitted' }
  | { readonly is: 'put_off' }
  | { readonly is: 'refused'; readonly breach: Breach }

/** An order to be judged. `byItself`: the limit it breaks whatever was placed before it. */
export interface JudgedOrder extends CountedOrder {
  readonly byItself: Breach | null
}

/** Judges orders one after the other, each after those before it that are admitted. */
export function judgeOrders(
  limits: PartnerLimits,
  { orders, rupiah, wallets }: Pick<Usage, 'orders' | 'rupiah' | 'wallets'>,
  judged: readonly JudgedOrder[],
): Verdict[] {
  const used = { orders, rupiah, wallets }
  const seen = new Set<string>()
  return judged.map((order): Verdict => {
    if (order.isKnown) return { is: 'admitted' }
    const isNewWallet = !order.isDayWallet && !seen.has(order.wallet)
    const breach = order.byItself ?? breachByUsage(limits, used, { rupiah: order.rupiah, isNewWallet })
    if (breach === 'orders_per_minute') return { is: 'put_off' }
    if (breach !== null) return { is: 'refused', breach }
    used.orders += 1
    used.rupiah += order.rupiah
    used.wallets += isNewWallet ? 1 : 0
    seen.add(order.wallet)
    return { is: 'admitted' }
  })
}

const NO_USAGE = { orders: 0, rupiah: '0', wallets: 0 }

/**
 * Judges the orders of runs by what their owner has used. Where usage is counted its row is held until the transaction
 * ends: other schedulers, feeders and orders over HTTP wait for their turn.
 */
export async function judgeSubmissions(
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
  return judgeOrders(limits, { ...usage, rupiah: BigInt(rupiah) }, judged)
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
