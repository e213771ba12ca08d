import { type SQLWrapper, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { statement } from '../../postgres/statement.ts'
import { ANY_BREAK } from '../break-filter.ts'
import { listBreaks } from '../break-queries.ts'
import { BREAK_TYPES, type BreakType, STAY_REASONS } from '../enums.ts'
import { openBreaks, ordersInDoubt } from '../views-schema.ts'
import {
  BREAK_AGES,
  type BreakAge,
  type BreakFigures,
  type BreakSums,
  type DoubtFigures,
  type DoubtReason,
  LISTED_BREAKS,
} from './report.ts'
import { shownName } from './shown-name.ts'

const atRiskOf = (view: { readonly rupiahAtRisk: SQLWrapper; readonly gramsAtRisk: SQLWrapper }) => ({
  count: sql<number>`count(*)::int`,
  rupiahAtRisk: sql<string>`coalesce(sum(${view.rupiahAtRisk}), 0)::text`,
  gramsAtRisk: sql<string>`coalesce(sum(${view.gramsAtRisk}), 0)::numeric(30, 4)::text`,
})

const sumBreaks = statement('read_break_sums', {}, (db) => {
  const aged = db
    .select({
      type: openBreaks.type,
      overdue: openBreaks.overdue,
      rupiahAtRisk: openBreaks.rupiahAtRisk,
      gramsAtRisk: openBreaks.gramsAtRisk,
      age: sql<BreakAge>`case
        when ${openBreaks.age} < interval '1 day' then 'under_1_day'
        when ${openBreaks.age} < interval '3 days' then '1_to_3_days'
        when ${openBreaks.age} <= interval '7 days' then '3_to_7_days'
        else 'over_7_days' end`.as('break_age'),
    })
    .from(openBreaks)
    .as('aged')
  return db
    .select({
      type: sql<BreakType | null>`${aged.type}`,
      age: sql<BreakAge | null>`${aged.age}`,
      ...atRiskOf(aged),
      overdue: sql<number>`count(*) filter (where ${aged.overdue})::int`,
    })
    .from(aged)
    .groupBy(sql`grouping sets ((${aged.type}, ${aged.age}), (${aged.type}), (${aged.age}), ())`)
})

interface BreakRow extends BreakSums {
  /** Null: all types, or all ages. */
  readonly type: BreakType | null
  readonly age: BreakAge | null
}

const breakSums = ({ count, overdue, rupiahAtRisk, gramsAtRisk }: BreakRow): BreakSums => ({
  count,
  overdue,
  rupiahAtRisk,
  gramsAtRisk,
})

/** Reads all open breaks: sums per type and age, and the first due one by one. */
export async function readBreakFigures(session: StatementRunner): Promise<BreakFigures> {
  const rows = await sumBreaks(session, {})
  const types = Object.keys(BREAK_TYPES) as BreakType[]
  const find = (type: BreakType | null, age: BreakAge | null) => {
    const row = rows.find((each) => each.type === type && each.age === age)
    return row === undefined ? [] : [breakSums(row)]
  }
  const [all] = find(null, null)
  if (all === undefined) throw new Error('breaks without a total')
  const listed = await listBreaks(session, { ...ANY_BREAK, limit: LISTED_BREAKS, skip: 0 })
  return {
    all,
    byType: types.flatMap((type) => find(type, null).map((sums) => ({ type, ...sums }))),
    byAge: BREAK_AGES.flatMap((age) => find(null, age).map((sums) => ({ age, ...sums }))),
    byTypeAndAge: types.flatMap((type) =>
      BREAK_AGES.flatMap((age) => find(type, age).map((sums) => ({ type, age, ...sums }))),
    ),
    firstDue: listed.map((each) => ({
      ...each,
      partner: shown(each.partner),
      reference: shown(each.reference),
      owner: shown(each.owner),
      proposedBy: shown(each.proposedBy),
    })),
  }
}

const shown = (name: string | null) => (name === null ? null : shownName(name))

const { staysBecause } = ordersInDoubt

const sumDoubts = statement('read_doubts', {}, (db) =>
  db
    .select({
      /** Null: all reasons. */
      reason: sql<DoubtReason | null>`case when grouping(${staysBecause}) = 0
        then coalesce(${staysBecause}, 'not_looked_at') end`,
      ...atRiskOf(ordersInDoubt),
      oldest: sql<Date>`min(${ordersInDoubt.intentAt})`.mapWith(ordersInDoubt.intentAt),
    })
    .from(ordersInDoubt)
    .groupBy(sql`grouping sets ((${staysBecause}), ())`),
)

const DOUBT_REASONS = ['not_looked_at', ...Object.keys(STAY_REASONS)] as DoubtReason[]

/** Reads all orders in doubt, per reason why they stay in doubt. */
export async function readDoubtFigures(session: StatementRunner): Promise<DoubtFigures> {
  const rows = await sumDoubts(session, {})
  const all = rows.find(({ reason }) => reason === null)
  if (all === undefined) throw new Error('doubts without a total')
  const { count, rupiahAtRisk, gramsAtRisk } = all
  return {
    all: { count, rupiahAtRisk, gramsAtRisk },
    byReason: DOUBT_REASONS.flatMap((reason) =>
      rows.filter((row) => row.reason === reason).map((row) => ({ ...row, reason })),
    ),
  }
}
