import type { Period } from '../../core/business-days.ts'
import type { Session } from '../../postgres/session.ts'
import { statementsSpan } from '../scope.ts'
import { readBreakFigures, readDoubtFigures } from './read-at-risk.ts'
import { readChanges } from './read-changes.ts'
import { readMatching, readTotals } from './read-totals.ts'
import type { CoveringStatement, Gap, Report } from './report.ts'
import { shownName } from './shown-name.ts'

// One snapshot: a run that ends meanwhile is in every section of the report or in none.
const ONE_SNAPSHOT = {
  name: 'one_snapshot',
  text: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY',
}

const READ_CLOCK = { name: 'read_clock', text: 'SELECT now() AS "madeAt"' }

/**
 * Reads the report.
 * @param asked null: all that statements are about
 */
export async function readReport(session: Session, asked: Period | null): Promise<Report> {
  return await session.transaction(async () => {
    await session.run(ONE_SNAPSHOT)
    const [clock] = await session.run<{ madeAt: Date }>(READ_CLOCK)
    if (clock === undefined) throw new Error('a database without a clock')
    const period = asked ?? (await statementsSpan(session))
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

const READ_STATEMENTS = {
  name: 'read_covering_statements',
  text: `
    SELECT s.id AS "statementId", s.source, s.file_name AS "fileName", s.period_from AS "from", s.period_to AS "to",
      s.complete, s.line_count AS lines, s.bad_line_count AS "badLines", coalesce(r.lines, 0) AS "repeatedLines"
    FROM statements s
    LEFT JOIN (
      SELECT r.statement_id, count(DISTINCT r.line_number)::int AS lines
      FROM statement_repeats r JOIN statements o ON o.id = r.of_statement_id AND o.replaced_at IS NULL
      GROUP BY r.statement_id
    ) r ON r.statement_id = s.id
    WHERE s.replaced_at IS NULL AND s.period_from < $2 AND s.period_to > $1
    ORDER BY s.period_from, s.source, s.id`,
}

async function readStatements(session: Session, { from, to }: Period): Promise<CoveringStatement[]> {
  const statements = await session.run<CoveringStatement>(READ_STATEMENTS, [from, to])
  return statements.map((each) => ({
    ...each,
    source: shownName(each.source),
    fileName: shownName(each.fileName),
  }))
}

// Every source that has ever had a statement counts, as it does for doubts: a silent one could hide an execution.
const READ_GAPS = {
  name: 'read_gaps',
  text: `
    WITH source AS (
      SELECT source, range_agg(tstzrange(period_from, period_to)) FILTER (WHERE complete) AS covered
      FROM statements WHERE replaced_at IS NULL GROUP BY source
      UNION ALL
      SELECT NULL, NULL WHERE NOT EXISTS (SELECT 1 FROM statements WHERE replaced_at IS NULL)
    )
    SELECT source, lower(gap) AS "from", upper(gap) AS "to"
    FROM source, unnest(tstzmultirange(tstzrange($1, $2)) - coalesce(covered, '{}')) AS gap
    ORDER BY lower(gap), source`,
}

async function readGaps(session: Session, { from, to }: Period): Promise<Gap[]> {
  const gaps = await session.run<Gap>(READ_GAPS, [from, to])
  return gaps.map((gap) => ({
    ...gap,
    source: gap.source === null ? null : shownName(gap.source),
  }))
}
