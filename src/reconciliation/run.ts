import type { Session } from '../postgres/session.ts'
import { recordBreaks } from './breaks.ts'
import { settleDoubtsByStatements } from './doubts.ts'
import type { StayReason } from './enums.ts'
import { findDifferences } from './findings.ts'
import { matchLines } from './matching.ts'
import type { DistrustedStatement, RunCounts } from './run-counts.ts'
import { openScope, type RunRequest } from './scope.ts'

export type { RunCounts }

export interface RunResult {
  readonly runId: string
  readonly counts: RunCounts
}

/** The steps of a run, in order; also what progress is told of. */
export const RUN_STEPS = ['match', 'settle doubts', 'find differences', 'record breaks'] as const
export type RunStep = (typeof RUN_STEPS)[number]

interface RunOptions {
  /** Does everything and keeps nothing. */
  readonly dryRun?: boolean
  readonly onStep?: (step: RunStep) => void
  /** See `whyItStays`. */
  readonly absenceChecks?: readonly StayReason[]
}

/** Thrown to roll a dry run back; never seen by a caller. */
class DryRun extends Error {
  readonly result: RunResult

  constructor(result: RunResult) {
    super('dry run')
    this.result = result
  }
}

/**
 * Reconciles a period in one transaction: a run that is cut off has done nothing, one that is repeated finds nothing
 * new, and two at once take turns.
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
      const result = { runId, counts: await finish(session, runId, distrusted) }
      if (dryRun) throw new DryRun(result)
      return result
    })
  } catch (error) {
    if (error instanceof DryRun) return error.result
    throw error
  }
}

const COUNT_RUN = {
  name: 'count_run',
  text: `
    SELECT
      (SELECT coalesce(jsonb_object_agg(rule, n), '{}') FROM
        (SELECT rule, count(*) AS n FROM statement_matches WHERE run_id = $1 GROUP BY rule) x) AS matched,
      (SELECT count(*)::int FROM left_lines) AS "unmatchedLines",
      (SELECT jsonb_build_object('succeeded', count(*) FILTER (WHERE verdict = 'succeeded'),
        'rejected', count(*) FILTER (WHERE verdict = 'rejected')) FROM doubt_evidence WHERE run_id = $1) AS settled,
      (SELECT coalesce(jsonb_object_agg(because, n), '{}') FROM
        (SELECT because, count(*) AS n FROM doubt_stays WHERE run_id = $1 GROUP BY because) x) AS "stayInDoubt",
      (SELECT coalesce(jsonb_object_agg(type, n), '{}') FROM
        (SELECT type, count(*) AS n FROM breaks WHERE run_id = $1 AND reason = 'found' GROUP BY type) x) AS opened,
      (SELECT count(*)::int FROM breaks WHERE run_id = $1 AND reason = 'found_again') AS reopened,
      (SELECT count(*)::int FROM breaks WHERE run_id = $1 AND reason = 'explained') AS explained,
      (SELECT count(*)::int FROM breaks WHERE state = 'open') AS "openBreaks"`,
}

const FINISH_RUN = {
  name: 'finish_run',
  text: 'UPDATE recon_runs SET finished_at = clock_timestamp(), counts = $2 WHERE id = $1',
}

async function finish(
  session: Session,
  runId: string,
  distrusted: readonly DistrustedStatement[],
): Promise<RunCounts> {
  const [counted] = await session.run<Omit<RunCounts, 'distrusted'>>(COUNT_RUN, [runId])
  if (counted === undefined) throw new Error('a run without counts')
  const counts = { ...counted, distrusted }
  await session.run(FINISH_RUN, [runId, JSON.stringify(counts)])
  return counts
}
