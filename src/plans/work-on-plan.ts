import { and, asc, eq, exists, isNull, lte, notExists, sql } from 'drizzle-orm'
import type { Clock } from '../postgres/clock.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import { rows, statement } from '../postgres/statement.ts'
import { beginRuns, deferRuns } from './begin-runs.ts'
import { type Decision, decideRuns, type PlannedRun } from './decide.ts'
import { planColumns } from './plan.ts'
import { planRuns, plans } from './schema.ts'
import { isDaySkipped } from './skips.ts'
import type { Skip, StartingRun } from './start-runs.ts'

/** How many runs one transaction decides about. */
const RUNS_AT_ONCE = 500

/** A scheduler that freezes inside its transaction loses its lock of the plan after this. */
const LOCK_LIMIT_MS = 10_000

export interface PlanWork {
  readonly clock: Clock
  readonly actor: string
  newId(): string
  /** Tests of frozen schedulers shorten it. */
  readonly lockLimitMs?: number
}

/** What one round of a plan did. */
export interface WorkDone {
  readonly orderIds: readonly string[]
  /** Runs, of an order or of a batch. */
  readonly started: number
  readonly skipped: number
  readonly isEnded: boolean
  /** Its owner's orders of this minute are used up. */
  readonly isPutOff: boolean
  /** There may be more to decide about at once. */
  readonly hasMore: boolean
}

const NOTHING: WorkDone = {
  ...{ orderIds: [], started: 0, skipped: 0 },
  ...{ isEnded: false, isPutOff: false, hasMore: false },
}

type Row = PlannedRun & StartingRun

/**
 * Decides about the planned runs of a plan, and starts those that are to be started, in one transaction: the order
 * exists exactly when its run is started. A plan that another scheduler has locked is left to it.
 */
export async function workOnPlan(session: Session, planId: number, work: PlanWork): Promise<WorkDone> {
  return await session.transaction(async () => {
    const limit = `${work.lockLimitMs ?? LOCK_LIMIT_MS}ms`
    await session.run(LIMIT_LOCK, [limit])
    const [plan] = await lockPlan(session, { planId })
    if (plan === undefined) return NOTHING
    // Read after the lock, because waiting for it may have taken long.
    const now = await work.clock(session)
    // Whether a later run makes up for an earlier one is known only once all runs are written.
    if (plan.nextDueAt !== null && plan.nextDueAt <= now) return NOTHING
    const runs = await readPlanned(session, { planId, now })
    const [found] = await readSituation(session, { planId, now })
    if (found === undefined) throw new Error('a plan without a situation')
    const { waiting, skips, starting } = sortOut(runs, decideRuns(plan, runs, { now, ...found }))
    await deferRuns(session, planId, waiting)
    const { orderIds, started, refused, isPutOff, isCut } = await beginRuns(
      session,
      plan,
      starting,
      now,
      work,
    )
    const skipped = [...skips, ...refused]
    await skipRuns(session, planId, skipped, work.actor)
    const isEnded = (await endPlan(session, { planId, actor: work.actor })).length > 0
    const isProgress = started + skipped.length > 0
    const hasMore = isProgress && (isCut || runs.length === RUNS_AT_ONCE)
    return { orderIds, started, skipped: skipped.length, isEnded, isPutOff, hasMore }
  })
}

/** The runs by decision. Runs that already wait are left as they are. */
function sortOut(runs: readonly Row[], decisions: readonly Decision[]) {
  const decided = runs.map((run, position) => ({ run, decision: decisions[position] }))
  return {
    starting: decided.flatMap(({ run, decision }) => (decision?.is === 'start' ? [run] : [])),
    waiting: decided.flatMap(({ run, decision }) => (decision?.is === 'wait' && !run.isWaiting ? [run] : [])),
    skips: decided.flatMap(({ run, decision }): Skip[] =>
      decision?.is === 'skip' ? [{ run, reason: decision.reason }] : [],
    ),
  }
}

const LIMIT_LOCK = {
  name: 'limit_lock',
  text: `SELECT set_config('idle_in_transaction_session_timeout', $1, true), set_config('statement_timeout', $1, true)`,
}

const lockPlan = statement('lock_plan', { planId: plans.id }, (db, { planId }) =>
  db
    .select(planColumns)
    .from(plans)
    .where(and(eq(plans.id, planId), sql`${plans.state} = 'active'`))
    .for('update', { skipLocked: true }),
)

const isPlanned = sql`${planRuns.state} = 'planned'`

const readPlanned = statement(
  'read_planned_runs',
  { planId: planRuns.planId, now: planRuns.dueAt },
  (db, { planId, now }) =>
    db
      .select({
        dueAt: planRuns.dueAt,
        reference: planRuns.reference,
        isWaiting: planRuns.isWaiting,
        isAsked: sql<boolean>`${planRuns.reason} <> 'due'`,
        isSkipped: sql<boolean>`${isDaySkipped}`,
      })
      .from(planRuns)
      .where(and(eq(planRuns.planId, planId), isPlanned, lte(planRuns.dueAt, now)))
      .orderBy(asc(planRuns.dueAt))
      .limit(RUNS_AT_ONCE),
)

const readSituation = statement(
  'read_situation_of_plan',
  { planId: plans.id, now: planRuns.dueAt },
  (db, { planId, now }) => {
    const started = db
      .select({ one: sql`1` })
      .from(planRuns)
      .where(and(eq(planRuns.planId, planId), sql`${planRuns.state} = 'started'`))
    const newest = db
      .select({ dueAt: sql`max(${planRuns.dueAt})`.as('newest_due_at') })
      .from(planRuns)
      .where(
        and(
          eq(planRuns.planId, planId),
          isPlanned,
          lte(planRuns.dueAt, now),
          sql`${planRuns.reason} = 'due' and not ${isDaySkipped}`,
        ),
      )
    return db
      .select({
        isUnderWay: sql<boolean>`${exists(started)}`,
        newestDueAt: sql<Date | null>`(${newest})`.mapWith(planRuns.dueAt),
      })
      .from(plans)
      .where(eq(plans.id, planId))
  },
)

const setSkipped = statement(
  'skip_plan_runs',
  {
    planId: planRuns.planId,
    actor: planRuns.actor,
    skips: rows({ dueAt: planRuns.dueAt, reason: planRuns.reason, breach: planRuns.breach }),
  },
  (db, { planId, actor, skips }) =>
    db
      .update(planRuns)
      .set({ state: 'skipped', reason: sql`${skips.reason}`, breach: sql`${skips.breach}`, actor })
      .from(skips)
      .where(and(eq(planRuns.planId, planId), eq(planRuns.dueAt, skips.dueAt), isPlanned)),
)

const endPlan = statement('end_plan', { planId: plans.id, actor: plans.actor }, (db, { planId, actor }) => {
  const planned = db
    .select({ one: sql`1` })
    .from(planRuns)
    .where(and(eq(planRuns.planId, planId), isPlanned))
  return db
    .update(plans)
    .set({ state: 'ended', reason: 'no_due_time_left', actor, note: null })
    .where(
      and(eq(plans.id, planId), sql`${plans.state} = 'active'`, isNull(plans.nextDueAt), notExists(planned)),
    )
    .returning({ id: plans.id })
})

async function skipRuns(
  runner: StatementRunner,
  planId: number,
  skips: readonly Skip[],
  actor: string,
): Promise<void> {
  if (skips.length === 0) return
  await setSkipped(runner, {
    planId,
    actor,
    skips: skips.map(({ run, reason, breach = null }) => ({ dueAt: run.dueAt, reason, breach })),
  })
}
