import { eq, type SQL, sql } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { Session } from '../postgres/session.ts'
import { columnName, statement } from '../postgres/statement.ts'
import { recordBreaks } from './breaks.ts'
import { breaks } from './breaks-schema.ts'
import { settleDoubtsByStatements } from './doubts.ts'
import { doubtEvidence, doubtStays } from './doubts-schema.ts'
import type { BreakReason, BreakType, MatchRule, StayReason } from './enums.ts'
import { findDifferences } from './findings.ts'
import { matchLines } from './matching.ts'
import type { DistrustedStatement, RunCounts } from './run-counts.ts'
import { reconRuns, statementMatches } from './runs-schema.ts'
import { openScope, type RunRequest } from './scope.ts'
import { scope } from './work-tables.ts'

export type { RunCounts }

export interface RunResult {
  readonly runId: string
  readonly counts: RunCounts
}

/** The steps of a run, in order, as progress shows them. */
export const RUN_STEPS = ['match', 'settle doubts', 'find differences', 'record breaks'] as const
export type RunStep = (typeof RUN_STEPS)[number]

interface RunOptions {
  /** Does everything, then rolls back. */
  readonly dryRun?: boolean
  readonly onStep?: (step: RunStep) => void
  /** See `whyItStays`. */
  readonly absenceChecks?: readonly StayReason[]
}

/** Thrown to roll a dry run back. No caller receives it. */
class DryRun extends Error {
  readonly result: RunResult

  constructor(result: RunResult) {
    super('dry run')
    this.result = result
  }
}

/**
 * Reconciles a period in one transaction. A run that is interrupted has changed nothing, a repeated run finds nothing
 * new, and concurrent runs take turns.
 */
export async function reconcile(
  session: Session,
  request: RunRequest,
  { dryRun = false, onStep = () => {}, absenceChecks }: RunOptions = {},
): Promise<RunResult> {
  try {
    return await session.transaction(async () => {
      const runId = await openScope(session, request, dryRun)
      onStep('match')
      await matchLines(session)
      onStep('settle doubts')
      const distrusted = await settleDoubtsByStatements(session, absenceChecks)
      onStep('find differences')
      await findDifferences(session)
      onStep('record breaks')
      await recordBreaks(session)
      const result = { runId: String(runId), counts: await finish(session, runId, distrusted) }
      if (dryRun) throw new DryRun(result)
      return result
    })
  } catch (error) {
    if (error instanceof DryRun) return error.result
    throw error
  }
}

const count = (table: PgTable, where: SQL) => sql<number>`(select count(*)::int from ${table} where ${where})`

/** How many rows have each value of a column. */
const countsBy = <Name extends string>(column: PgColumn, where: SQL) =>
  sql<Partial<Record<Name, number>>>`(
    select coalesce(jsonb_object_agg(${columnName(column)}, rows), '{}')
    from (select ${column}, count(*) as rows from ${column.table} where ${where} group by ${column}) as counted)`

const countRun = statement('count_run', { runId: reconRuns.id }, (db, { runId }) => {
  const breaksWith = (reason: BreakReason) =>
    sql`${breaks.runId} = ${runId} and ${breaks.reason} = ${sql.raw(`'${reason}'`)}`
  return db
    .select({
      matched: countsBy<MatchRule>(statementMatches.rule, sql`${statementMatches.runId} = ${runId}`),
      unmatchedLines: sql<number>`(select count(*)::int from left_lines)`,
      settled: sql<RunCounts['settled']>`(
        select jsonb_build_object('succeeded', count(*) filter (where ${doubtEvidence.verdict} = 'succeeded'),
          'rejected', count(*) filter (where ${doubtEvidence.verdict} = 'rejected'))
        from ${doubtEvidence} where ${doubtEvidence.runId} = ${runId})`,
      stayInDoubt: countsBy<StayReason>(doubtStays.reason, sql`${doubtStays.runId} = ${runId}`),
      opened: countsBy<BreakType>(breaks.type, breaksWith('found')),
      reopened: count(breaks, breaksWith('found_again')),
      explained: count(breaks, breaksWith('explained')),
      openBreaks: count(breaks, sql`${breaks.state} = 'open'`),
    })
    .from(scope)
})

const finishRun = statement(
  'finish_run',
  { runId: reconRuns.id, counts: reconRuns.counts },
  (db, { runId, counts }) =>
    db.update(reconRuns).set({ finishedAt: sql`clock_timestamp()`, counts }).where(eq(reconRuns.id, runId)),
)

async function finish(
  session: Session,
  runId: bigint,
  distrusted: readonly DistrustedStatement[],
): Promise<RunCounts> {
  const [counted] = await countRun(session, { runId })
  if (counted === undefined) throw new Error('a run without counts')
  const counts = { ...counted, distrusted }
  await finishRun(session, { runId, counts })
  return counts
}
