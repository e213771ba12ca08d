import { STAY_REASON_NAMES, type StayReason } from './enums.ts'

/**
 * Decides whether an absence from statements proves that an order was not executed. A doubt ends as not executed only
 * when complete, trusted statements cover it and no line suggests an execution. Pure: `absence-facts.ts` reads the facts.
 */

/** How a complete statement near a doubt agrees with the orders that we know. */
export interface StatementFacts {
  readonly statementId: number
  /** Executed transactions of ours within its period that it lacks. */
  readonly lacking: number
  /** Matched lines with another wallet, time or kind than their order. */
  readonly otherWallet: number
  readonly otherTime: number
  readonly otherKind: number
  /** By how many minutes all matched lines are shifted; null when they are not. */
  readonly shiftMinutes: number | null
}

/** What the statements have about one doubt. */
export interface DoubtFacts {
  readonly orderId: string
  /** Complete statements of every source cover the time in which the order may have been executed. */
  readonly isCovered: boolean
  /** So do the statements that two people declared complete. */
  readonly isApproved: boolean
  /** They also cover it with the lag that two people approved, or the default one. */
  readonly isLagApproved: boolean
  /** The complete statements about that time, approved or not. */
  readonly statements: readonly number[]
  /** Those of them that are approved: the evidence of an absence. */
  readonly coveringStatements: readonly number[]
  /** Every source has, within a day, a line that equals an order whose execution is known independently. */
  readonly hasWitness: boolean
  /** Every source with ignored lines has such a line of the doubt's kind. */
  readonly hasWitnessOfKind: boolean
  readonly hasCandidate: boolean
  readonly hasLineOfWallet: boolean
  readonly hasLineOfWeight: boolean
  readonly hasLineOfAmount: boolean
  readonly hasUnclearMatch: boolean
  readonly hasUnreadableLine: boolean
}

/** Why a statement proves nothing. */
export type Distrust = Extract<
  StayReason,
  'statement_lacks_ours' | 'times_shifted' | 'times_contradict' | 'wallets_contradict' | 'kinds_contradict'
>

const DISTRUSTS: Record<Distrust, (facts: StatementFacts) => boolean> = {
  statement_lacks_ours: ({ lacking }) => lacking > 0,
  times_shifted: ({ shiftMinutes }) => shiftMinutes !== null,
  times_contradict: ({ otherTime }) => otherTime > 0,
  wallets_contradict: ({ otherWallet }) => otherWallet > 0,
  kinds_contradict: ({ otherKind }) => otherKind > 0,
}

/** All reasons why a statement proves nothing; empty when it can be trusted. */
export function distrustsOf(facts: StatementFacts): Distrust[] {
  return (Object.keys(DISTRUSTS) as Distrust[]).filter((reason) => DISTRUSTS[reason](facts))
}

const CHECKS: Record<Exclude<StayReason, Distrust>, (facts: DoubtFacts) => boolean> = {
  awaiting_statement: ({ isCovered }) => !isCovered,
  candidate_unclear: ({ hasCandidate }) => hasCandidate,
  wallet_unmatched: ({ hasLineOfWallet }) => hasLineOfWallet,
  weight_unmatched: ({ hasLineOfWeight }) => hasLineOfWeight,
  amount_unmatched: ({ hasLineOfAmount }) => hasLineOfAmount,
  match_unclear: ({ hasUnclearMatch }) => hasUnclearMatch,
  unreadable_line: ({ hasUnreadableLine }) => hasUnreadableLine,
  no_witness: ({ hasWitness }) => !hasWitness,
  kind_unwitnessed: ({ hasWitnessOfKind }) => !hasWitnessOfKind,
  completeness_unapproved: ({ isApproved }) => !isApproved,
  lag_unapproved: ({ isLagApproved }) => !isLagApproved,
}

/** Every reason, in the order of the checks. */
export const ABSENCE_CHECKS: readonly StayReason[] = STAY_REASON_NAMES

/**
 * Why a doubt stays: the first check that holds; null when its absence is proven.
 * @param distrusted why statements prove nothing, by statement
 * @param checks fewer only in tests that prove each check necessary
 */
export function whyItStays(
  facts: DoubtFacts,
  distrusted: ReadonlyMap<number, readonly Distrust[]>,
  checks: readonly StayReason[] = ABSENCE_CHECKS,
): StayReason | null {
  const distrusts = new Set<StayReason>(facts.statements.flatMap((id) => distrusted.get(id) ?? []))
  const holds = (reason: StayReason) => (isDistrust(reason) ? distrusts.has(reason) : CHECKS[reason](facts))
  return checks.find(holds) ?? null
}

function isDistrust(reason: StayReason): reason is Distrust {
  return reason in DISTRUSTS
}
