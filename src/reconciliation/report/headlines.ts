import { formatCount } from '../../core/format.ts'
import { count, rupiah, weight } from './format.ts'
import type { Report } from './report.ts'
import type { Cell } from './sheet.ts'

/** A figure that a report shows first. */
export interface Headline {
  readonly what: string
  readonly value: Cell
  readonly details: readonly Cell[]
  /** Whether somebody must look at it. */
  readonly needsAttention: boolean
}

/** What a reader must see within ten seconds. */
export function headlinesOf({ breaks, doubts, totals, matching, gaps }: Report): Headline[] {
  const unequalDays = totals.byDay.filter(({ equal }) => !equal).length
  return [
    {
      what: 'open breaks',
      value: count(breaks.all.count),
      details: [
        `${formatCount(breaks.all.overdue)} overdue`,
        rupiah(breaks.all.rupiahAtRisk),
        weight(breaks.all.gramsAtRisk),
      ],
      needsAttention: breaks.all.count > 0,
    },
    {
      what: 'orders in doubt',
      value: count(doubts.all.count),
      details: [rupiah(doubts.all.rupiahAtRisk), weight(doubts.all.gramsAtRisk)],
      needsAttention: doubts.all.count > 0,
    },
    {
      what: 'days that differ',
      value: count(unequalDays),
      details: [`of ${formatCount(totals.byDay.length)}; difference`, rupiah(totals.all.difference.rupiah)],
      needsAttention: unequalDays > 0,
    },
    {
      what: 'lines unmatched',
      value: count(matching.unmatched.lines),
      details: [`of ${formatCount(matching.lines)}`],
      needsAttention: matching.unmatched.lines > 0,
    },
    {
      what: 'spans not covered',
      value: count(gaps.length),
      details: ['by a complete statement'],
      needsAttention: gaps.length > 0,
    },
  ]
}
