import { formatCount } from '../../core/format.ts'
import { count, rupiah, weight } from './format.ts'
import type { Report } from './report.ts'
import type { Cell } from './sheet.ts'

/** One of the few things that are told first. */
export interface Headline {
  readonly what: string
  readonly value: Cell
  readonly more: readonly Cell[]
  /** Somebody must look at it. */
  readonly calls: boolean
}

/** What a reader with ten seconds must see. */
export function headlinesOf({ breaks, doubts, totals, matching, gaps }: Report): Headline[] {
  const unequalDays = totals.byDay.filter(({ equal }) => !equal).length
  return [
    {
      what: 'open breaks',
      value: count(breaks.all.count),
      more: [
        `${formatCount(breaks.all.overdue)} overdue`,
        rupiah(breaks.all.rupiahAtRisk),
        weight(breaks.all.gramsAtRisk),
      ],
      calls: breaks.all.count > 0,
    },
    {
      what: 'orders in doubt',
      value: count(doubts.all.count),
      more: [rupiah(doubts.all.rupiahAtRisk), weight(doubts.all.gramsAtRisk)],
      calls: doubts.all.count > 0,
    },
    {
      what: 'days that differ',
      value: count(unequalDays),
      more: [`of ${formatCount(totals.byDay.length)}; difference`, rupiah(totals.all.difference.rupiah)],
      calls: unequalDays > 0,
    },
    {
      what: 'lines unmatched',
      value: count(matching.unmatched.lines),
      more: [`of ${formatCount(matching.lines)}`],
      calls: matching.unmatched.lines > 0,
    },
    {
      what: 'spans not covered',
      value: count(gaps.length),
      more: ['by a complete statement'],
      calls: gaps.length > 0,
    },
  ]
}
