import { stringify } from 'csv-stringify/sync'
import {
  type AtRisk,
  type BreakSums,
  MEASURES,
  type Report,
  type RunChanges,
  type Totals,
  type Work,
} from './report.ts'

/**
 * A report as one long table, for spreadsheets and programs. Each row is one figure: `section` and the columns up to
 * `measure` say which, `value` is it, and totals have `ours`, `theirs` and `difference` instead. An empty `day` or
 * `kind` of a total means all of them. New sections and measures may come; these columns stay.
 */
export const CSV_COLUMNS = [
  'section',
  'day',
  'kind',
  'subject',
  'age',
  'measure',
  'ours',
  'theirs',
  'difference',
  'value',
] as const

type Row = Partial<Record<(typeof CSV_COLUMNS)[number], string | number | boolean | null>> & {
  readonly section: string
}

/** A number may begin with a minus sign; it is not a formula. */
const DECIMAL = /^-?\d+(\.\d+)?$/

/** Writes a report as CSV. A text that a spreadsheet would run as a formula gets a quote in front of it. */
export function renderCsv(report: Report): string {
  return stringify([...rowsOf(report)], {
    header: true,
    columns: [...CSV_COLUMNS],
    escape_formulas: true,
    cast: {
      boolean: (value) => String(value),
      string: (value) => (DECIMAL.test(value) ? { value, escape_formulas: false } : value),
    },
  })
}

function* rowsOf(report: Report): Generator<Row> {
  yield* values({ section: 'report' }, { made_at: report.madeAt, ...periodOf(report.period) })
  yield* statementRows(report)
  yield* totalRows(report)
  yield* matchingRows(report)
  yield* breakRows(report)
  yield* doubtRows(report)
  yield* changeRows(report)
}

type Value = string | number | boolean | Date | null

/** One row per measure. An unknown measure has no row. */
function* values(row: Row, measures: Readonly<Record<string, Value>>): Generator<Row> {
  for (const [measure, value] of Object.entries(measures))
    if (value !== null) yield { ...row, measure, value: value instanceof Date ? value.toISOString() : value }
}

const periodOf = (period: { from: Date; to: Date } | null) => ({
  from: period?.from ?? null,
  to: period?.to ?? null,
})

function* statementRows({ statements, gaps }: Report): Generator<Row> {
  for (const each of statements)
    yield* values(
      { section: 'statement', subject: each.statementId },
      {
        source: each.source,
        file_name: each.fileName,
        ...periodOf(each),
        complete: each.complete,
        lines: each.lines,
        repeated_lines: each.repeatedLines,
        bad_lines: each.badLines,
      },
    )
  for (const gap of gaps)
    yield* values({ section: 'not_covered', subject: gap.source ?? 'no statement' }, periodOf(gap))
}

function* totalRows({ totals: { all, byKind, byDay } }: Report): Generator<Row> {
  yield* totalsOf({ section: 'total' }, all)
  for (const each of byKind) yield* totalsOf({ section: 'total', kind: each.kind }, each)
  for (const { day, complete, equal, kinds, ...sums } of byDay) {
    yield* totalsOf({ section: 'total', day }, sums)
    yield* values({ section: 'day', day }, { complete, equal })
    for (const each of kinds) yield* totalsOf({ section: 'total', day, kind: each.kind }, each)
  }
}

function* totalsOf(row: Row, { ours, theirs, difference }: Totals): Generator<Row> {
  for (const measure of MEASURES)
    yield {
      ...row,
      measure,
      ours: ours[measure],
      theirs: theirs[measure],
      difference: difference[measure],
    }
}

function* matchingRows({ matching: { lines, byRule, unmatched, orders } }: Report): Generator<Row> {
  yield* values({ section: 'match' }, { lines })
  for (const { rule, ...each } of byRule) yield* values({ section: 'match', subject: rule }, each)
  yield* values({ section: 'match', subject: 'unmatched' }, unmatched)
  yield* values({ section: 'match', subject: 'orders' }, orders)
}

const atRisk = ({ count, rupiahAtRisk, gramsAtRisk }: AtRisk) => ({
  count,
  rupiah_at_risk: rupiahAtRisk,
  grams_at_risk: gramsAtRisk,
})

const breakSums = (sums: BreakSums) => ({ ...atRisk(sums), overdue: sums.overdue })

function* breakRows({ breaks: { all, byType, byAge, byTypeAndAge, firstDue } }: Report): Generator<Row> {
  const section = 'open_breaks'
  yield* values({ section }, breakSums(all))
  for (const { type, ...sums } of byType) yield* values({ section, subject: type }, breakSums(sums))
  for (const { age, ...sums } of byAge) yield* values({ section, age }, breakSums(sums))
  for (const { type, age, ...sums } of byTypeAndAge)
    yield* values({ section, subject: type, age }, breakSums(sums))
  for (const each of firstDue)
    yield* values(
      { section: 'break', subject: each.breakId },
      {
        type: each.type,
        partner: each.partner,
        reference: each.reference,
        statement: each.statementId,
        line: each.lineNumber,
        rupiah_at_risk: each.rupiahAtRisk,
        grams_at_risk: each.gramsAtRisk,
        opened_at: each.openedAt,
        due_at: each.dueAt,
        overdue: each.overdue,
        owner: each.owner,
        proposed_by: each.proposedBy,
      },
    )
}

function* doubtRows({ doubts: { all, byReason } }: Report): Generator<Row> {
  yield* values({ section: 'in_doubt' }, atRisk(all))
  for (const { reason, oldest, ...sums } of byReason)
    yield* values({ section: 'in_doubt', subject: reason }, { ...atRisk(sums), oldest })
}

function* changeRows({ changes: { last, before, sinceLast } }: Report): Generator<Row> {
  if (last !== null) yield* values({ section: 'changes', subject: 'last_run' }, runOf(last))
  if (before !== null) yield* values({ section: 'changes', subject: 'run_before' }, runOf(before))
  if (sinceLast !== null) yield* values({ section: 'changes', subject: 'since_last_run' }, workOf(sinceLast))
}

const workOf = ({ writtenOff, settledOtherwise }: Work) => ({
  written_off: writtenOff,
  settled_otherwise_succeeded: settledOtherwise.succeeded,
  settled_otherwise_rejected: settledOtherwise.rejected,
})

const counted = (prefix: string, counts: Readonly<Record<string, number | undefined>>) =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [`${prefix}_${name}`, count ?? 0]))

function runOf(run: RunChanges): Record<string, Value> {
  const { counts, runId, finishedAt, actor } = run
  return {
    run: runId,
    finished_at: finishedAt,
    ...periodOf(run.period),
    actor,
    ...counted('matched', counts.matched),
    unmatched_lines: counts.unmatchedLines,
    ...counted('settled', counts.settled),
    ...counted('still_in_doubt', counts.stayInDoubt),
    ...counted('opened', counts.opened),
    reopened: counts.reopened,
    explained: counts.explained,
    open_breaks: counts.openBreaks,
    ...workOf(run),
  }
}
