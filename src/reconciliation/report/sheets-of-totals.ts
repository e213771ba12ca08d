import { count, grams, rupiah } from './format.ts'
import { type DayTotals, isEqual, type Report, type Sums, type Totals } from './report.ts'
import type { Cell, Row, Sheet } from './sheet.ts'

const SUM_HEADINGS = ['side', 'transactions', 'grams', 'rupiah', 'fees']

const NOTE =
  'Ours are succeeded orders, theirs are lines of statements; the difference is ours minus theirs. A single row means that both are equal.'
const FEE_NOTE = ' Where a line gives no fee, fees are not compared.'

/** Both sides per kind, and the sum of all kinds. */
export function kindSheet({ totals: { all, byKind } }: Report): Sheet {
  return {
    title: 'Totals per kind',
    note: noteOf(all),
    headings: ['kind', ...SUM_HEADINGS],
    groups: [
      ...byKind.map((each) => sides(each.kind, each, isEqual(each))),
      ...(byKind.length === 0 ? [] : [asTotal(sides('all kinds', all, byKind.every(isEqual)))]),
    ],
    whenEmpty: 'There is no transaction on either side.',
  }
}

/** Both sides per day, with the kinds that differ on an unequal day. */
export function daySheet({ totals: { all, byDay } }: Report): Sheet {
  return {
    title: 'Totals per day',
    note: `${noteOf(all)} Days are Jakarta's.`,
    headings: ['day', ...SUM_HEADINGS],
    groups: byDay.map((day) => [...sides(nameOf(day), day, day.equal), ...kindsThatDiffer(day)]),
    whenEmpty: 'There is no transaction on either side.',
  }
}

const noteOf = ({ linesWithoutFee }: Totals) => (linesWithoutFee === 0 ? NOTE : NOTE + FEE_NOTE)

const nameOf = ({ day, complete }: DayTotals) => (complete ? day : `${day} (not covered)`)

function sides(name: string, { ours, theirs, difference }: Totals, equal: boolean): Row[] {
  if (equal && difference.fees !== null) return [{ cells: [name, 'both', ...sums(ours)] }]
  return [
    { cells: [name, 'ours', ...sums(ours)] },
    { cells: ['', 'theirs', ...sums(theirs)] },
    equal
      ? { cells: ['', 'difference', ...sums(difference)] }
      : { cells: ['', '≠ difference', ...sums(difference)], mark: 'unequal' },
  ]
}

function kindsThatDiffer({ kinds, equal }: DayTotals): Row[] {
  if (equal) return []
  return kinds
    .filter((each) => !isEqual(each))
    .map(({ kind, difference }) => ({ cells: ['', `of which ${kind}`, ...sums(difference)] }))
}

const sums = (of: Omit<Sums, 'fees'> & { readonly fees: string | null }): Cell[] => [
  count(of.count),
  grams(of.grams),
  rupiah(of.rupiah),
  rupiah(of.fees),
]

const asTotal = (rows: readonly Row[]): Row[] =>
  rows.map((row) => (row.mark === undefined ? { ...row, mark: 'total' } : row))
