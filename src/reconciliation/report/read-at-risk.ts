import type { Session } from '../../postgres/session.ts'
import { listBreaks } from '../break-queries.ts'
import { BREAK_TYPES, type BreakType, STAY_REASONS } from '../enums.ts'
import {
  type AtRisk,
  BREAK_AGES,
  type BreakAge,
  type BreakFigures,
  type BreakSums,
  type DoubtFigures,
  type DoubtReason,
  LISTED_BREAKS,
} from './report.ts'
import { shownName } from './shown-name.ts'

const AT_RISK = `count(*)::int AS count, coalesce(sum(rupiah_at_risk), 0)::text AS "rupiahAtRisk",
  coalesce(sum(grams_at_risk), 0)::numeric(30, 4)::text AS "gramsAtRisk"`

const READ_BREAK_SUMS = {
  name: 'read_break_sums',
  text: `
    SELECT type, age, ${AT_RISK}, count(*) FILTER (WHERE overdue)::int AS overdue
    FROM (
      SELECT type, overdue, rupiah_at_risk, grams_at_risk, CASE
        WHEN age < interval '1 day' THEN 'under_1_day' WHEN age < interval '3 days' THEN '1_to_3_days'
        WHEN age <= interval '7 days' THEN '3_to_7_days' ELSE 'over_7_days' END AS age
      FROM ops.open_breaks
    ) b
    GROUP BY GROUPING SETS ((type, age), (type), (age), ())`,
}

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

/** Reads the open breaks, whatever their day: per type and age, and the first due one by one. */
export async function readBreakFigures(session: Session): Promise<BreakFigures> {
  const rows = await session.run<BreakRow>(READ_BREAK_SUMS)
  const types = Object.keys(BREAK_TYPES) as BreakType[]
  const find = (type: BreakType | null, age: BreakAge | null) => {
    const row = rows.find((each) => each.type === type && each.age === age)
    return row === undefined ? [] : [breakSums(row)]
  }
  const [all] = find(null, null)
  if (all === undefined) throw new Error('breaks without a total')
  const listed = await listBreaks(session, {
    type: null,
    owner: null,
    overdueOnly: false,
    limit: LISTED_BREAKS,
    skip: 0,
  })
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

const READ_DOUBTS = {
  name: 'read_doubts',
  text: `
    SELECT CASE WHEN grouping(stays_because) = 0 THEN coalesce(stays_because, 'not_looked_at') END AS reason, ${AT_RISK},
      min(intent_at) AS oldest
    FROM ops.in_doubt GROUP BY GROUPING SETS ((stays_because), ())`,
}

const DOUBT_REASONS = ['not_looked_at', ...Object.keys(STAY_REASONS)] as DoubtReason[]

/** Reads the orders in doubt, whatever their day, per reason why they stay. */
export async function readDoubtFigures(session: Session): Promise<DoubtFigures> {
  type Row = AtRisk & { reason: DoubtReason | null; oldest: Date }
  const rows = await session.run<Row>(READ_DOUBTS)
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
