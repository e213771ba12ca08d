import type { Period } from '../../core/business-days.ts'
import type { OrderKind } from '../../orders/command.ts'
import type { OpenBreak } from '../break-queries.ts'
import type { BreakType, MatchRule, StayReason } from '../enums.ts'
import type { RunCounts } from '../run.ts'

/**
 * The content of a report. Sums are text as Postgres prints them: rupiah as digits, grams with four decimals. A
 * difference is ours minus theirs. Totals, matches, statements and gaps are of the period; breaks and doubts are all.
 */
export interface Report {
  readonly madeAt: Date
  /** Null: no period was given, and there is no statement to take one from. */
  readonly period: Period | null
  readonly statements: readonly CoveringStatement[]
  readonly gaps: readonly Gap[]
  readonly totals: ReportTotals
  readonly matching: Matching
  readonly breaks: BreakFigures
  readonly doubts: DoubtFigures
  readonly changes: Changes
}

/** A statement about part of the period that was not replaced. */
export interface CoveringStatement extends Period {
  readonly statementId: number
  readonly source: string
  readonly fileName: string
  readonly complete: boolean
  readonly lines: number
  /** Lines that an earlier statement has, too: they count there. */
  readonly repeatedLines: number
  readonly badLines: number
}

/** A part of the period that no complete statement of a source covers: no transaction counts as missing there. */
export interface Gap extends Period {
  /** Null: there is no statement at all. */
  readonly source: string | null
}

export interface Sums {
  readonly count: number
  readonly grams: string
  readonly rupiah: string
  readonly fees: string
}
export type Measure = keyof Sums
export const MEASURES = ['count', 'grams', 'rupiah', 'fees'] as const satisfies readonly Measure[]

/** Our sums beside the statements'. */
export interface Totals {
  readonly ours: Sums
  readonly theirs: Sums
  /** Fees are null when a line has no fee: unknown fees are not compared. */
  readonly difference: Omit<Sums, 'fees'> & { readonly fees: string | null }
  readonly linesWithoutFee: number
}
export interface KindTotals extends Totals {
  readonly kind: OrderKind
}
export interface DayTotals extends Totals {
  /** In Jakarta, `2026-02-09`. */
  readonly day: string
  /** Whether complete statements of every source cover the day, as far as it is in the period. */
  readonly complete: boolean
  /** Whether the totals of every kind are equal. Those of the whole day may be equal by chance. */
  readonly equal: boolean
  readonly kinds: readonly KindTotals[]
}
export interface ReportTotals {
  readonly all: Totals
  readonly byKind: readonly KindTotals[]
  readonly byDay: readonly DayTotals[]
}

/** How the period's lines were matched. Shares are percentages of the lines, cut off after four decimals. */
export interface Matching {
  readonly lines: number
  readonly byRule: readonly { readonly rule: MatchRule; readonly lines: number; readonly share: string }[]
  readonly unmatched: { readonly lines: number; readonly share: string }
  readonly orders: { readonly succeeded: number; readonly matched: number }
}

/** How long a break has been open, in steps. */
export const BREAK_AGES = ['under_1_day', '1_to_3_days', '3_to_7_days', 'over_7_days'] as const
export type BreakAge = (typeof BREAK_AGES)[number]

export interface AtRisk {
  readonly count: number
  readonly rupiahAtRisk: string
  readonly gramsAtRisk: string
}
export interface BreakSums extends AtRisk {
  readonly overdue: number
}
export interface BreakFigures {
  readonly all: BreakSums
  readonly byType: readonly (BreakSums & { readonly type: BreakType })[]
  readonly byAge: readonly (BreakSums & { readonly age: BreakAge })[]
  readonly byTypeAndAge: readonly (BreakSums & { readonly type: BreakType; readonly age: BreakAge })[]
  /** At most {@link LISTED_BREAKS}, the first due first. */
  readonly firstDue: readonly OpenBreak[]
}
export const LISTED_BREAKS = 100

/** Why an order stays in doubt, or that no run has looked at it yet. */
export type DoubtReason = StayReason | 'not_looked_at'
export interface DoubtFigures {
  readonly all: AtRisk
  readonly byReason: readonly (AtRisk & { readonly reason: DoubtReason; readonly oldest: Date })[]
}

/** What people and late replies did between two moments. */
export interface Work {
  readonly writtenOff: number
  /** Doubts that were settled by a late reply or by two people. */
  readonly settledOtherwise: { readonly succeeded: number; readonly rejected: number }
}
/** A finished run, and the work between the run before it and its end. */
export interface RunChanges extends Work {
  readonly runId: string
  readonly finishedAt: Date
  readonly period: Period
  readonly actor: string
  readonly counts: RunCounts
}
/** Null: there was no such run. */
export interface Changes {
  readonly last: RunChanges | null
  readonly before: RunChanges | null
  readonly sinceLast: Work | null
}

/** Whether both sides are equal. Unknown fees do not differ. */
export function isEqual({ difference }: Totals): boolean {
  const { count, grams, rupiah, fees } = difference
  return count === 0 && [grams, rupiah, fees ?? '0'].every((sum) => /^[0.]+$/.test(sum))
}
