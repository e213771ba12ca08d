import type { Clock } from '../postgres/clock.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import { beginRuns, deferRuns } from './begin-runs.ts'
import { type Decision, decideRuns, type PlannedRun } from './decide.ts'
import { PLAN_COLUMNS, type Plan } from './plan.ts'
import type { Skip, StartingRun } from './start-runs.ts'

/** Runs one transaction decides about. */
const RUNS_AT_ONCE = 500

/** A scheduler that freezes inside its transaction gives the plan up after this. */
const LOCK_LIMIT_MS = 10_000

export interface PlanWork {
  readonly clock: Clock
  readonly actor: string
  newId(): string
  /** Tests of frozen schedulers shorten it. */
  readonly lockLimitMs?: number
}

/** What one look at a plan did. */
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
  orderIds: [],
  started: 0,
  skipped: 0,
  isEnded: false,
  isPutOff: false,
  hasMore: false,
}

type Row = PlannedRun & StartingRun

/**
 * Decides about the planned runs of a plan, and starts those that are to be started, in one transaction: the order
 * exists exactly when its run is started. Whoever finds the plan locked leaves it to the other.
 */
export async function workOnPlan(session: Session, planId: number, work: PlanWork): Promise<WorkDone> {
  return await session.transaction(async () => {
    const limit = `${work.lockLimitMs ?? LOCK_LIMIT_MS}ms`
    await session.run(LIMIT_LOCK, [limit])
    const [plan] = await session.run<Plan>(LOCK_PLAN, [planId])
    if (plan === undefined) return NOTHING
    // After the lock and not before: waiting may have taken long.
    const now = await work.clock(session)
    // Whether a later run makes up for an earlier one is known once all are written.
    if (plan.nextDueAt !== null && plan.nextDueAt <= now) return NOTHING
    const runs = await session.run<Row>(READ_PLANNED, [planId, now])
    const [found] = await session.run<{ isUnderWay: boolean; newestDueAt: Date | null }>(READ_SITUATION, [
      planId,
      now,
    ])
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
    const isEnded = (await session.run(END_PLAN, [planId, work.actor])).length > 0
    const isProgress = started + skipped.length > 0
    const hasMore = isProgress && (isCut || runs.length === RUNS_AT_ONCE)
    return { orderIds, started, skipped: skipped.length, isEnded, isPutOff, hasMore }
  })
}

/** The runs by what is decided about them; those that wait already are left as they are. */
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

const LOCK_PLAN = {
  name: 'lock_plan',
  text: `SELECT ${PLAN_COLUMNS} FROM plans p WHERE p.id = $1 AND p.state = 'active' FOR UPDATE SKIP LOCKED`,
}

const READ_PLANNED = {
  name: 'read_planned_runs',
  text: `
    SELECT due_at AS "dueAt", reference, is_waiting AS "isWaiting", reason <> 'due' AS "isAsked"
    FROM plan_runs WHERE plan_id = $1 AND state = 'planned' AND due_at <= $2
    ORDER BY due_at LIMIT ${RUNS_AT_ONCE}`,
}

const READ_SITUATION = {
  name: 'read_situation_of_plan',
  text: `
    SELECT EXISTS (SELECT 1 FROM plan_runs WHERE plan_id = $1 AND state = 'started') AS "isUnderWay",
      (SELECT max(due_at) FROM plan_runs WHERE plan_id = $1 AND state = 'planned' AND due_at <= $2 AND reason = 'due')
        AS "newestDueAt"`,
}

const SKIP_RUNS = {
  name: 'skip_plan_runs',
  text: `
    UPDATE plan_runs r SET state = 'skipped', reason = x.reason, breach = x.breach, actor = $2
    FROM unnest($3::timestamptz[], $4::text[], $5::text[]) AS x (due_at, reason, breach)
    WHERE r.plan_id = $1 AND r.due_at = x.due_at AND r.state = 'planned'`,
}

const END_PLAN = {
  name: 'end_plan',
  text: `
    UPDATE plans SET state = 'ended', reason = 'no_due_time_left', actor = $2, note = NULL
    WHERE id = $1 AND state = 'active' AND next_due_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM plan_runs WHERE plan_id = $1 AND state = 'planned')
    RETURNING id`,
}

async function skipRuns(
  runner: StatementRunner,
  planId: number,
  skips: readonly Skip[],
  actor: string,
): Promise<void> {
  if (skips.length === 0) return
  await runner.run(SKIP_RUNS, [
    planId,
    actor,
    skips.map(({ run }) => run.dueAt),
    skips.map(({ reason }) => reason),
    skips.map(({ breach = null }) => breach),
  ])
}
