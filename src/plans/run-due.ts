import type { Log } from '../core/log.ts'
import type { Session } from '../postgres/session.ts'
import {
  findPlansToWorkOn,
  finishBatchRuns,
  finishOrderRuns,
  markRunsOfBatches,
  markRunsOfOwner,
  type PlanToWorkOn,
} from './due-runs.ts'
import { planDueTimes } from './plan-due-times.ts'
import { type PlanWork, workOnPlan } from './work-on-plan.ts'

export interface PlanDeps extends PlanWork {
  /** Adds jobs for these orders to the queue. */
  wake(orderIds: readonly string[]): Promise<void>
  readonly log: Log
}

/** What one tick did. */
export interface TickResult {
  readonly planned: number
  readonly started: number
  readonly skipped: number
  readonly finished: number
  readonly ended: number
}

/**
 * One tick: finishes runs whose orders or batches have ended, writes a run for each due time that has come, decides about
 * planned runs and starts them. Any number of schedulers may do this at once.
 */
export async function runDuePlans(session: Session, deps: PlanDeps): Promise<TickResult> {
  const { actor } = deps
  const ofOrders = await finishOrderRuns(session, { actor })
  const ofBatches = await finishBatchRuns(session, { actor })
  const finished = ofOrders.length + ofBatches.length
  const planned = await planDueTimes(session, { ...deps, planId: null })
  const now = await deps.clock(session)
  const plans = await findPlansToWorkOn(session, { now })
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
    // Deferring each of a partner's thousand plans one by one would keep all others waiting.
    if (owner !== null && usedUp.has(owner)) continue
    const done = await startOrLeave(session, id, deps)
    if (owner !== null && done.isPutOff) {
      usedUp.add(owner)
      await markRunsOfOwner(session, { now, owner })
    }
    all.push(done)
  }
  return all
}

/** One copy a tick, so that other due plans are started between copies. */
async function workOnBatches(
  session: Session,
  plans: readonly PlanToWorkOn[],
  now: Date,
  deps: PlanDeps,
): Promise<Done[]> {
  const ofBatch = plans.filter(({ isOfBatch }) => isOfBatch)
  if (ofBatch.length === 0) return []
  await markRunsOfBatches(session, { now })
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

const PROBE = { name: 'anybody_there', text: 'SELECT 1' }

/** An error in one plan must not keep the others waiting: it is tried again in the next tick. */
async function startOrLeave(session: Session, planId: number, deps: PlanDeps, looks?: number) {
  try {
    return await startDueRuns(session, planId, deps, looks)
  } catch (error) {
    deps.log.warn({ plan: planId, err: error }, 'plan not worked on, tried again')
    // A lost session, or a clock that is not trusted, throws here and ends the tick.
    await session.run(PROBE)
    await deps.clock(session)
    return { started: 0, skipped: 0, isEnded: false, isPutOff: false }
  }
}

/**
 * Decides about all planned runs of a plan, and wakes the orders of those that were started.
 * @param looks at most how many rounds; each round decides about some runs
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

/** Waking is best effort: the sweeper brings the orders back when the queue is away. */
async function wakeOrLeave(orderIds: readonly string[], { wake, log }: PlanDeps): Promise<void> {
  try {
    await wake(orderIds)
  } catch (error) {
    log.warn({ err: error }, 'the orders of a plan were not queued: the sweeper does it')
  }
}
