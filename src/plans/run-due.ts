import type { Log } from '../core/log.ts'
import type { Session } from '../postgres/session.ts'
import { ON_TIME_MS } from './decide.ts'
import { planDueTimes } from './plan-due-times.ts'
import { type PlanWork, workOnPlan } from './work-on-plan.ts'

export interface PlanDeps extends PlanWork {
  /** Asks the queue to bring these orders to a worker. */
  wake(orderIds: readonly string[]): Promise<void>
  readonly log: Log
}

/** What one tick did. */
export interface Kept {
  readonly planned: number
  readonly started: number
  readonly skipped: number
  readonly finished: number
  readonly ended: number
}

const FINISH_RUNS = {
  name: 'finish_plan_runs',
  text: `
    WITH over AS (
      SELECT r.plan_id, r.due_at, o.state FROM plan_runs r JOIN orders o ON o.id = r.order_id
      WHERE r.state = 'started' AND o.state IN ('succeeded', 'rejected', 'expired', 'cancelled', 'in_doubt')
      ORDER BY r.plan_id, r.due_at LIMIT 5000 FOR UPDATE OF r SKIP LOCKED
    )
    UPDATE plan_runs r SET state = 'finished', actor = $1,
      reason = CASE over.state WHEN 'in_doubt' THEN 'order_in_doubt' ELSE 'order_ended' END
    FROM over WHERE r.plan_id = over.plan_id AND r.due_at = over.due_at
    RETURNING r.plan_id`,
}

const FINISH_BATCH_RUNS = {
  name: 'finish_plan_batch_runs',
  text: `
    WITH over AS (
      SELECT r.plan_id, r.due_at, b.state FROM plan_runs r JOIN batches b ON b.id = r.batch_id
      WHERE r.state = 'started' AND b.state IN ('finished', 'cancelled')
      ORDER BY r.plan_id, r.due_at LIMIT 5000 FOR UPDATE OF r SKIP LOCKED
    )
    UPDATE plan_runs r SET state = 'finished', actor = $1,
      reason = CASE over.state WHEN 'cancelled' THEN 'batch_cancelled' ELSE 'batch_ended' END
    FROM over WHERE r.plan_id = over.plan_id AND r.due_at = over.due_at
    RETURNING r.plan_id`,
}

// Those of an order first: copying a batch takes seconds, and an order must not be late by it.
const FIND_PLANS_TO_WORK_ON = {
  name: 'find_plans_to_work_on',
  text: `
    SELECT p.id, p.owner, p.batch_id IS NOT NULL AS "isOfBatch" FROM plans p WHERE p.state = 'active' AND p.id IN (
      SELECT plan_id FROM plan_runs WHERE state = 'planned' AND due_at <= $1
      UNION SELECT id FROM plans WHERE state = 'active' AND next_due_at IS NULL)
    ORDER BY p.batch_id IS NOT NULL, p.id`,
}

interface PlanToWorkOn {
  readonly id: number
  readonly owner: string | null
  readonly isOfBatch: boolean
}

// What is on time now is not late when its turn comes. SKIP LOCKED: another scheduler is deciding about it.
const markOnTime = (name: string, plans: string) => ({
  name,
  text: `
    WITH on_time AS (
      SELECT r.plan_id, r.due_at FROM plan_runs r JOIN plans p ON p.id = r.plan_id
      WHERE ${plans} AND p.state = 'active' AND r.state = 'planned' AND NOT r.is_waiting
        AND r.due_at <= $1 AND r.due_at >= $1::timestamptz - ${ON_TIME_MS} * interval '1 millisecond'
      FOR UPDATE OF r SKIP LOCKED
    )
    UPDATE plan_runs r SET is_waiting = true FROM on_time o WHERE r.plan_id = o.plan_id AND r.due_at = o.due_at`,
})
const MARK_RUNS_OF_OWNER = markOnTime('mark_runs_of_owner', 'p.owner = $2 AND p.batch_id IS NULL')
const MARK_RUNS_OF_BATCHES = markOnTime('mark_runs_of_batches', 'p.batch_id IS NOT NULL')

/**
 * One tick: finishes runs whose orders or batches have ended, writes a run for each due time that has come, decides about those
 * and starts them. Any number of schedulers may do this at once.
 */
export async function runDuePlans(session: Session, deps: PlanDeps): Promise<Kept> {
  const ofOrders = await session.run(FINISH_RUNS, [deps.actor])
  const ofBatches = await session.run(FINISH_BATCH_RUNS, [deps.actor])
  const finished = ofOrders.length + ofBatches.length
  const planned = await planDueTimes(session, { ...deps, planId: null })
  const now = await deps.clock(session)
  const plans = await session.run<PlanToWorkOn>(FIND_PLANS_TO_WORK_ON, [now])
  const ofOrder = await workOnOrders(session, plans, now, deps)
  const ofBatch = await workOnBatches(session, plans, now, deps)
  const done = [...ofOrder, ...ofBatch]
  const sum = (count: (each: Done) => number) => done.reduce((total, each) => total + count(each), 0)
  const [started, skipped] = [sum((each) => each.started), sum((each) => each.skipped)]
  return { planned, started, skipped, finished, ended: sum(({ isEnded }) => (isEnded ? 1 : 0)) }
}

async function workOnOrders(
  session: Session,
  plans: readonly PlanToWorkOn[],
  now: Date,
  deps: PlanDeps,
): Promise<Done[]> {
  const all: Done[] = []
  const usedUp = new Set<string>()
  for (const { id, owner } of plans.filter(({ isOfBatch }) => !isOfBatch)) {
    // Looking at each of a partner's thousand plans, only to put it off, would keep all others waiting.
    if (owner !== null && usedUp.has(owner)) continue
    const done = await startOrLeave(session, id, deps)
    if (owner !== null && done.isPutOff) {
      usedUp.add(owner)
      await session.run(MARK_RUNS_OF_OWNER, [now, owner])
    }
    all.push(done)
  }
  return all
}

/** One copy a tick, so that what is due meanwhile is looked at in between. */
async function workOnBatches(
  session: Session,
  plans: readonly PlanToWorkOn[],
  now: Date,
  deps: PlanDeps,
): Promise<Done[]> {
  const ofBatch = plans.filter(({ isOfBatch }) => isOfBatch)
  if (ofBatch.length === 0) return []
  await session.run(MARK_RUNS_OF_BATCHES, [now])
  const all: Done[] = []
  for (const { id } of ofBatch) {
    const done = await startOrLeave(session, id, deps, 1)
    all.push(done)
    if (done.started > 0) break
  }
  return all
}

/** What working on a plan did. */
interface Done {
  readonly started: number
  readonly skipped: number
  readonly isEnded: boolean
  readonly isPutOff: boolean
}

const ANYBODY_THERE = { name: 'anybody_there', text: 'SELECT 1' }

/** One plan's trouble must not keep the others waiting: it is looked at again in the next tick. */
async function startOrLeave(session: Session, planId: number, deps: PlanDeps, looks?: number) {
  try {
    return await startDueRuns(session, planId, deps, looks)
  } catch (error) {
    deps.log.warn({ plan: planId, err: error }, 'plan not worked on, tried again')
    // A session that is gone, and a clock that nobody trusts, end the tick.
    await session.run(ANYBODY_THERE)
    await deps.clock(session)
    return { started: 0, skipped: 0, isEnded: false, isPutOff: false }
  }
}

/**
 * Decides about all planned runs of a plan, and wakes the orders of those that were started.
 * @param looks how often at most; some runs are decided about each time
 */
export async function startDueRuns(
  session: Session,
  planId: number,
  deps: PlanDeps,
  looks = Number.POSITIVE_INFINITY,
): Promise<Done> {
  let [started, skipped, isEnded, isPutOff] = [0, 0, false, false]
  let hasMore = true
  for (let look = 0; hasMore && look < looks; look += 1) {
    const done = await workOnPlan(session, planId, deps)
    hasMore = done.hasMore
    started += done.started
    skipped += done.skipped
    isEnded ||= done.isEnded
    isPutOff ||= done.isPutOff
    if (done.orderIds.length > 0) await wakeOrLeave(done.orderIds, deps)
  }
  return { started, skipped, isEnded, isPutOff }
}

/** A queue that is away keeps no plan from being started: the sweeper brings its orders back. */
async function wakeOrLeave(orderIds: readonly string[], { wake, log }: PlanDeps): Promise<void> {
  try {
    await wake(orderIds)
  } catch (error) {
    log.warn({ err: error }, 'the orders of a plan were not queued: the sweeper does it')
  }
}
