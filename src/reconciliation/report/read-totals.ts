import { and, asc, eq, gte, lt, type SQLWrapper, sql } from 'drizzle-orm'
import type { Period } from '../../core/business-days.ts'
import { startOfDay } from '../../core/business-days.ts'
import { ORDER_KINDS, type OrderKind } from '../../orders/command.ts'
import type { Session } from '../../postgres/session.ts'
import { statement, type } from '../../postgres/statement.ts'
import { MATCH_RULES, type MatchRule } from '../enums.ts'
import { statementMatches } from '../runs-schema.ts'
import { currentStatementLines } from '../statements/schema.ts'
import { dailyTotals } from '../views-schema.ts'
import {
  type Gap,
  isEqual,
  type KindTotals,
  type Matching,
  type ReportTotals,
  type Sums,
  type Totals,
} from './report.ts'

type Orders = Matching['orders']

const total = (column: SQLWrapper) => sql`coalesce(sum(${column}), 0)`

const sumsOf = (count: SQLWrapper, grams: SQLWrapper, rupiah: SQLWrapper, fees: SQLWrapper) =>
  sql<Sums>`json_build_object('count', ${total(count)}::bigint, 'grams', ${total(grams)}::text,
    'rupiah', ${total(rupiah)}::text, 'fees', ${total(fees)}::text)`

const { ourCount, ourGrams, ourRupiah, ourFees, theirCount, theirGrams, theirRupiah, theirFees } = dailyTotals
const less = (ours: SQLWrapper, theirs: SQLWrapper) => total(sql`${ours} - ${theirs}`)

// Postgres computes every sum, also the totals of totals: JavaScript would lose digits.
const sumTotals = statement('read_totals', { from: type.time, to: type.time }, (db, { from, to }) => {
  const { day, kind, theirWithoutFee, ourMatched } = dailyTotals
  return db
    .select({
      /** Null: all days. */
      day: sql<string | null>`${day}`,
      /** Null: all kinds. */
      kind: sql<OrderKind | null>`${kind}`,
      ours: sumsOf(ourCount, ourGrams, ourRupiah, ourFees),
      theirs: sumsOf(theirCount, theirGrams, theirRupiah, theirFees),
      difference: sql<Totals['difference']>`json_build_object('count', ${less(ourCount, theirCount)}::bigint,
        'grams', ${less(ourGrams, theirGrams)}::text, 'rupiah', ${less(ourRupiah, theirRupiah)}::text,
        'fees', case when ${total(theirWithoutFee)} = 0 then ${less(ourFees, theirFees)}::text end)`,
      linesWithoutFee: sql<number>`${total(theirWithoutFee)}::int`,
      succeeded: sql<number>`${total(ourCount)}::int`,
      matched: sql<number>`${total(ourMatched)}::int`,
    })
    .from(sql`daily_totals(${from}, ${to})`)
    .groupBy(sql`grouping sets ((${day}, ${kind}), (${day}), (${kind}), ())`)
    .orderBy(asc(day), asc(kind))
})

type Row = Awaited<ReturnType<typeof sumTotals>>[number]

/** An empty period, for a report without one. */
const NEVER = { from: new Date(0), to: new Date(0) }

/** Reads the totals of both sides, and how many of our orders are matched. */
export async function readTotals(
  session: Session,
  period: Period | null,
  gaps: readonly Gap[],
): Promise<{ totals: ReportTotals; orders: Orders }> {
  const { from, to } = period ?? NEVER
  const rows = await sumTotals(session, { from, to })
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

/** The rows of single kinds, in the usual order of kinds. */
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

const countMatches = statement('read_matching', { from: type.time, to: type.time }, (db, { from, to }) => {
  const counted = db
    .select({ rule: statementMatches.rule, lines: sql<number>`count(*)`.as('line_count') })
    .from(currentStatementLines)
    .leftJoin(
      statementMatches,
      and(
        eq(statementMatches.statementId, currentStatementLines.statementId),
        eq(statementMatches.lineNumber, currentStatementLines.lineNumber),
        statementMatches.current,
      ),
    )
    .where(and(gte(currentStatementLines.executedAt, from), lt(currentStatementLines.executedAt, to)))
    .groupBy(statementMatches.rule)
    .as('counted')
  return db
    .select({
      /** Null: unmatched. */
      rule: sql<MatchRule | null>`${counted.rule}`,
      lines: sql<number>`${counted.lines}::int`,
      share: sql<string>`trunc(100.0 * ${counted.lines} / sum(${counted.lines}) over (), 4)::text`,
    })
    .from(counted)
})

/** Reads how many of the period's lines each rule matched. */
export async function readMatching(
  session: Session,
  period: Period | null,
  orders: Orders,
): Promise<Matching> {
  const { from, to } = period ?? NEVER
  const rows = await countMatches(session, { from, to })
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
