import { and, asc, eq, gt, isNull, lt, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { Period } from '../../core/business-days.ts'
import type { Session } from '../../postgres/session.ts'
import { statement, type } from '../../postgres/statement.ts'
import { reconRuns } from '../runs-schema.ts'
import { statementsSpan } from '../scope.ts'
import { statementRepeats, statements } from '../statements/schema.ts'
import { readBreakFigures, readDoubtFigures } from './read-at-risk.ts'
import { readChanges } from './read-changes.ts'
import { readMatching, readTotals } from './read-totals.ts'
import type { CoveringStatement, Gap, Report } from './report.ts'
import { shownName } from './shown-name.ts'

// One snapshot: a run that finishes meanwhile is in every section of the report or in none.
const ONE_SNAPSHOT = {
  name: 'one_snapshot',
  text: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY',
}

const readSnapshotTime = statement('read_clock', {}, (db) =>
  db.select({ madeAt: sql<Date>`clock`.mapWith(reconRuns.startedAt) }).from(sql`now() as clock`),
)

/**
 * Reads the report.
 * @param periodGiven null: all that statements are about
 */
export async function readReport(session: Session, periodGiven: Period | null): Promise<Report> {
  return await session.transaction(async () => {
    await session.run(ONE_SNAPSHOT)
    const [clock] = await readSnapshotTime(session, {})
    if (clock === undefined) throw new Error('a database without a clock')
    const period = periodGiven ?? (await statementsSpan(session))
    const gaps = period === null ? [] : await readGaps(session, period)
    const totals = await readTotals(session, period, gaps)
    return {
      madeAt: clock.madeAt,
      period,
      statements: period === null ? [] : await readStatements(session, period),
      gaps,
      totals: totals.totals,
      matching: await readMatching(session, period, totals.orders),
      breaks: await readBreakFigures(session),
      doubts: await readDoubtFigures(session),
      changes: await readChanges(session),
    }
  })
}

const selectCoveringStatements = statement(
  'read_covering_statements',
  { from: type.time, to: type.time },
  (db, { from, to }) => {
    const earlier = alias(statements, 'earlier')
    const repeated = db
      .select({
        statementId: statementRepeats.statementId,
        lines: sql<number>`count(distinct ${statementRepeats.lineNumber})::int`.as('repeated_line_count'),
      })
      .from(statementRepeats)
      .innerJoin(earlier, and(eq(earlier.id, statementRepeats.ofStatementId), isNull(earlier.replacedAt)))
      .groupBy(statementRepeats.statementId)
      .as('repeated')
    return db
      .select({
        statementId: statements.id,
        source: statements.source,
        fileName: statements.fileName,
        from: statements.periodFrom,
        to: statements.periodTo,
        complete: statements.complete,
        lines: statements.lineCount,
        badLines: statements.badLineCount,
        repeatedLines: sql<number>`coalesce(${repeated.lines}, 0)`,
      })
      .from(statements)
      .leftJoin(repeated, eq(repeated.statementId, statements.id))
      .where(and(isNull(statements.replacedAt), lt(statements.periodFrom, to), gt(statements.periodTo, from)))
      .orderBy(asc(statements.periodFrom), asc(statements.source), asc(statements.id))
  },
)

async function readStatements(session: Session, { from, to }: Period): Promise<CoveringStatement[]> {
  const statements = await selectCoveringStatements(session, { from, to })
  return statements.map((each) => ({
    ...each,
    source: shownName(each.source),
    fileName: shownName(each.fileName),
  }))
}

// Every source that ever had a statement counts, as for doubts: one that sends nothing could hide an execution. Without
// any statement there is one row, which has no source.
const selectGaps = statement('read_gaps', { from: type.time, to: type.time }, (db, { from, to }) => {
  const ofSource = db
    .select({
      source: statements.source,
      covered: sql`range_agg(tstzrange(${statements.periodFrom}, ${statements.periodTo}))
        filter (where ${statements.complete})`.as('covered'),
    })
    .from(statements)
    .where(isNull(statements.replacedAt))
    .groupBy(statements.source)
    .as('of_source')
  const moment = (bound: SQL) => sql<Date>`${bound}`.mapWith(statements.periodFrom)
  return db
    .select({
      source: sql<string | null>`${ofSource.source}`,
      from: moment(sql`lower(gap)`),
      to: moment(sql`upper(gap)`),
    })
    .from(sql`(values (true)) as one_row`)
    .leftJoin(ofSource, sql`true`)
    .crossJoin(
      sql`unnest(tstzmultirange(tstzrange(${from}, ${to})) - coalesce(${ofSource.covered}, '{}')) as gap`,
    )
    .orderBy(sql`lower(gap)`, sql`${ofSource.source}`)
})

async function readGaps(session: Session, { from, to }: Period): Promise<Gap[]> {
  const gaps = await selectGaps(session, { from, to })
  return gaps.map((gap) => ({
    ...gap,
    source: gap.source === null ? null : shownName(gap.source),
  }))
}
