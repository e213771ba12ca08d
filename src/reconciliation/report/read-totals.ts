import type { Period } from '../../core/business-days.ts'
import { startOfDay } from '../../core/business-days.ts'
import { ORDER_KINDS, type OrderKind } from '../../orders/command.ts'
import type { Session } from '../../postgres/session.ts'
import { MATCH_RULES, type MatchRule } from '../enums.ts'
import {
  type Gap,
  isEqual,
  type KindTotals,
  type Matching,
  type ReportTotals,
  type Totals,
} from './report.ts'

type Orders = Matching['orders']

interface Row extends Totals {
  /** Null: all days, or all kinds. */
  readonly day: string | null
  readonly kind: OrderKind | null
  readonly succeeded: number
  readonly matched: number
}

const SUMS = ['grams', 'rupiah', 'fees'] as const

const sumsOf = (side: 'our' | 'their') => `json_build_object('count', coalesce(sum(${side}_count), 0)::bigint,
  ${SUMS.map((sum) => `'${sum}', coalesce(sum(${side}_${sum}), 0)::text`).join(', ')})`

const differenceOf = (sum: (typeof SUMS)[number]) => `coalesce(sum(our_${sum} - their_${sum}), 0)::text`

// Postgres adds up, also the totals of totals: nothing here is summed in JavaScript.
const READ_TOTALS = {
  name: 'read_totals',
  text: `
    SELECT day::text AS day, kind, ${sumsOf('our')} AS ours, ${sumsOf('their')} AS theirs,
      json_build_object('count', coalesce(sum(our_count - their_count), 0)::bigint,
        'grams', ${differenceOf('grams')}, 'rupiah', ${differenceOf('rupiah')},
        'fees', CASE WHEN coalesce(sum(their_without_fee), 0) = 0 THEN ${differenceOf('fees')} END) AS difference,
      coalesce(sum(their_without_fee), 0)::int AS "linesWithoutFee",
      coalesce(sum(our_count), 0)::int AS succeeded, coalesce(sum(our_matched), 0)::int AS matched
    FROM daily_totals($1, $2)
    GROUP BY GROUPING SETS ((day, kind), (day), (kind), ())
    ORDER BY day, kind`,
}

/** An empty span, for a report without a period. */
const NEVER = { from: new Date(0), to: new Date(0) }

/** Reads the totals of both sides, and how many of our orders have their line. */
export async function readTotals(
  session: Session,
  period: Period | null,
  gaps: readonly Gap[],
): Promise<{ totals: ReportTotals; orders: Orders }> {
  const { from, to } = period ?? NEVER
  const rows = await session.run<Row>(READ_TOTALS, [from, to])
  const all = rows.find(({ day, kind }) => day === null && kind === null)
  if (all === undefined) throw new Error('totals without a total')
  const byDay = rows.flatMap((row) => {
    if (row.day === null || row.kind !== null) return []
    const kinds = kindTotals(rows.filter(({ day }) => day === row.day))
    const complete = isComplete(row.day, gaps)
    return [{ ...totalsOf(row), day: row.day, complete, equal: kinds.every(isEqual), kinds }]
  })
  const byKind = kindTotals(rows.filter(({ day }) => day === null))
  return {
    totals: { all: totalsOf(all), byKind, byDay },
    orders: { succeeded: all.succeeded, matched: all.matched },
  }
}

/** The rows that are of one kind, in the order kinds are always listed. */
function kindTotals(rows: readonly Row[]): KindTotals[] {
  return ORDER_KINDS.flatMap((kind) => {
    const row = rows.find((each) => each.kind === kind)
    return row === undefined ? [] : [{ ...totalsOf(row), kind }]
  })
}

const totalsOf = ({ ours, theirs, difference, linesWithoutFee }: Row): Totals => ({
  ours,
  theirs,
  difference,
  linesWithoutFee,
})

const DAY_MS = 86_400_000

function isComplete(day: string, gaps: readonly Gap[]): boolean {
  const start = startOfDay(day)
  if (start === null) return false
  const end = start.getTime() + DAY_MS
  return gaps.every(({ from, to }) => to <= start || from.getTime() >= end)
}

const READ_MATCHING = {
  name: 'read_matching',
  text: `
    SELECT rule, lines::int, trunc(100.0 * lines / sum(lines) OVER (), 4)::text AS share FROM (
      SELECT m.rule, count(*) AS lines
      FROM current_statement_lines l
      LEFT JOIN statement_matches m
        ON m.statement_id = l.statement_id AND m.line_number = l.line_number AND m.current
      WHERE l.executed_at >= $1 AND l.executed_at < $2
      GROUP BY m.rule
    ) counted`,
}

/** Reads how many of the period's lines each rule matched. */
export async function readMatching(
  session: Session,
  period: Period | null,
  orders: Orders,
): Promise<Matching> {
  const { from, to } = period ?? NEVER
  type Row = { rule: MatchRule | null; lines: number; share: string }
  const rows = await session.run<Row>(READ_MATCHING, [from, to])
  const ofRule = (rule: MatchRule | null) => {
    const row = rows.find((each) => each.rule === rule)
    return { lines: row?.lines ?? 0, share: row?.share ?? '0.0000' }
  }
  return {
    lines: rows.reduce((sum, { lines }) => sum + lines, 0),
    byRule: MATCH_RULES.map((rule) => ({ rule, ...ofRule(rule) })),
    unmatched: ofRule(null),
    orders,
  }
}
