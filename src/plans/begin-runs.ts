import { and, eq, sql } from 'drizzle-orm'
import { readOwner } from '../partners/admission.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import { list, statement } from '../postgres/statement.ts'
import type { Plan } from './plan.ts'
import { planRuns } from './schema.ts'
import type { BatchSource } from './source.ts'
import { startBatchRun } from './start-batch-run.ts'
import { type Skip, type StartingRun, startRuns } from './start-runs.ts'

interface BeginningWork {
  readonly actor: string
  newId(): string
}

const markWaiting = statement(
  'mark_waiting_runs',
  { planId: planRuns.planId, dueTimes: list(planRuns.dueAt) },
  (db, { planId, dueTimes }) =>
    db
      .update(planRuns)
      .set({ isWaiting: true })
      .where(
        and(
          eq(planRuns.planId, planId),
          sql`${planRuns.dueAt} = any(${dueTimes})`,
          sql`${planRuns.state} = 'planned' and not ${planRuns.isWaiting}`,
        ),
      ),
)

/** What starting some runs did. */
export interface Begun {
  readonly orderIds: readonly string[]
  readonly started: number
  readonly refused: readonly Skip[]
  /** The owner's orders of this minute are used up. */
  readonly isPutOff: boolean
  /** There are runs left that may be started at once. */
  readonly isCut: boolean
}

const NOTHING: Begun = { orderIds: [], started: 0, refused: [], isPutOff: false, isCut: false }

/** Starts the runs, unless the plan's owner is suspended. */
export async function beginRuns(
  session: Session,
  plan: Plan,
  runs: readonly StartingRun[],
  now: Date,
  work: BeginningWork,
): Promise<Begun> {
  const { source } = plan
  const owner = plan.owner === null || runs.length === 0 ? null : await readOwner(session, plan.owner)
  if (owner === 'suspended') {
    const refused = runs.map((run): Skip => ({ run, reason: 'partner_suspended' }))
    return { ...NOTHING, refused }
  }
  switch (source.is) {
    case 'order': {
      const { orderIds, skips, putOff } = await startRuns(session, plan, source, { runs, owner, now }, work)
      await deferRuns(session, plan.planId, putOff)
      const isPutOff = putOff.length > 0
      return { ...NOTHING, orderIds, started: orderIds.length, refused: skips, isPutOff }
    }
    case 'batch':
      return await startFirst(session, plan, source, runs, work)
  }
}

/** Starts the first run and defers the others: one transaction makes one batch. Its rows are admitted when they are fed. */
async function startFirst(
  session: Session,
  plan: Plan,
  source: BatchSource,
  [run, ...later]: readonly StartingRun[],
  work: BeginningWork,
): Promise<Begun> {
  if (run === undefined) return NOTHING
  await deferRuns(session, plan.planId, later)
  const reason = await startBatchRun(session, plan, source, run.dueAt, work.actor)
  const refused = reason === null ? [] : [{ run, reason }]
  return { ...NOTHING, started: 1 - refused.length, refused, isCut: later.length > 0 }
}

/** Leaves runs planned and marks them as waiting, so that they are not late. */
export async function deferRuns(runner: StatementRunner, planId: number, runs: readonly { dueAt: Date }[]) {
  if (runs.length > 0) await markWaiting(runner, { planId, dueTimes: runs.map(({ dueAt }) => dueAt) })
}
