import { lockUsage } from '../db/admission.ts'
import { addUse, lookUpOrders } from '../db/batch-admission.ts'
import { listPartners } from '../db/partner-store.ts'
import type { Session } from '../db/session.ts'
import type { Submission } from '../domain/submission.ts'
import {
  type Breach,
  breachByItself,
  countFitting,
  countsUsage,
  limitsOf,
  mostRupiah,
  type PartnerLimits,
} from '../partners/limits.ts'

/** What a batch's owner may have fed now. `forbidden`: this row breaks a limit that no waiting mends. */
export type Admitted =
  | { readonly is: 'admitted'; readonly count: number; readonly limits: PartnerLimits }
  | { readonly is: 'forbidden'; readonly position: number; readonly limit: Breach }
  | { readonly is: 'suspended' }

const NO_USAGE = { orders: 0, rupiah: '0', wallets: 0 }

/**
 * How many of these rows' orders, from the first on, their owner's limits let in now. Where usage is counted its row is
 * held until the transaction ends: other feeders and orders over HTTP wait for their turn.
 */
export async function admitRows(
  session: Session,
  owner: string,
  submissions: readonly Submission[],
): Promise<Admitted> {
  const [partner] = await listPartners(session, owner)
  if (partner === undefined) throw new Error('a batch whose owner is not there')
  if (partner.state === 'suspended') return { is: 'suspended' }
  const limits = limitsOf(partner)
  const { rupiah, ...usage } = countsUsage(limits) ? await lockUsage(session, owner) : NO_USAGE
  const looked = await lookUpOrders(session, owner, submissions)
  const counted = submissions.map(({ command }, position) => {
    const found = looked[position]
    if (found === undefined) throw new Error('a row that was not looked up')
    const limit = found.isKnown ? null : breachByItself(limits, command)
    return { ...found, limit, rupiah: mostRupiah(command) ?? 0n }
  })
  const position = counted.findIndex(({ limit }) => limit !== null)
  const limit = counted[position]?.limit
  if (limit != null) return { is: 'forbidden', position, limit }
  const count = countFitting(limits, { ...usage, rupiah: BigInt(rupiah) }, counted)
  return { is: 'admitted', count, limits }
}

/** Counts orders that were stored just now, in the transaction in which they were admitted. */
export async function countUse(
  session: Session,
  owner: string,
  limits: PartnerLimits,
  stored: readonly Submission[],
): Promise<void> {
  if (!countsUsage(limits) || stored.length === 0) return
  await addUse(session, owner, {
    orders: stored.length,
    rupiah: stored.reduce((sum, { command }) => sum + (mostRupiah(command) ?? 0n), 0n),
    phoneNumbers: limits.walletsPerDay === null ? null : stored.map(({ command }) => command.phoneNumber),
  })
}
