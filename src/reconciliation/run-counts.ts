import type { Distrust } from './absence.ts'
import type { BreakType, MatchRule, StayReason } from './enums.ts'

/** The result of a run, stored with it. */
export interface RunCounts {
  /** New matches of this run, by rule. */
  readonly matched: Readonly<Partial<Record<MatchRule, number>>>
  readonly unmatchedLines: number
  readonly settled: { readonly succeeded: number; readonly rejected: number }
  readonly stayInDoubt: Readonly<Partial<Record<StayReason, number>>>
  readonly opened: Readonly<Partial<Record<BreakType, number>>>
  readonly reopened: number
  readonly explained: number
  readonly openBreaks: number
  /** Complete statements near doubts that prove nothing. */
  readonly distrusted: readonly DistrustedStatement[]
}

/** A statement that proves nothing, and why. */
export interface DistrustedStatement {
  readonly statementId: number
  readonly because: readonly Distrust[]
  /** Executed transactions of ours that the statement lacks. */
  readonly lacking: number
  readonly shiftMinutes: number | null
}
