import type { Log } from '../../core/log.ts'
import { newOrderId } from '../../core/new-id.ts'
import { type PeriodicTask, runEvery } from '../../core/periodic-task.ts'
import { runDuePlans } from '../../plans/run-due.ts'
import { type Clock, databaseClock } from '../../postgres/clock.ts'
import type { StatementRunner } from '../../postgres/pool.ts'
import { withSession } from '../../postgres/session.ts'
import { openQueue } from '../../queue/backend.ts'
import { wakeOrders } from '../../queue/order-worker.ts'

/** The configuration of a scheduler of plans. */
export interface PlanSchedulerOptions {
  readonly databaseUrl: string
  /** Null: the queue is in the database too. */
  readonly redisUrl: string | null
  /** Its name as events show it. */
  readonly name: string
  readonly log: Log
  readonly clock?: Clock
  readonly everyMs?: number
  /** The wall clock of this process. */
  readonly ownNow?: () => number
}

const LOOK_EVERY_MS = 2_000
/** The server ends a statement of copying after a minute, if the server answers. */
const REPLY_WITHIN_MS = 90_000
/** An order that was woken is not woken again by its plan. */
const WAKE_ONCE_MS = 1_000
/** When the clocks differ by more, one of them has jumped, and the scheduler does not know which. */
const CLOCKS_APART_MS = 60_000

/** Runs all due plans. Any number of schedulers may run. */
export function startPlanScheduler(parts: PlanSchedulerOptions): PeriodicTask {
  const { databaseUrl, redisUrl, name, log } = parts
  const { clock = databaseClock, everyMs = LOOK_EVERY_MS, ownNow = Date.now } = parts
  const queue = openQueue({ databaseUrl, redisUrl }, (error) => log.warn({ err: error }, 'queue error'))
  const deps = {
    actor: `scheduler:${name}`,
    clock: (runner: StatementRunner) => agreedTime(runner, clock, ownNow),
    newId: newOrderId,
    wake: (orderIds: readonly string[]) => wakeOrders(queue, orderIds, WAKE_ONCE_MS),
    log,
  }
  const look = async () => {
    const kept = await withSession(databaseUrl, (session) => runDuePlans(session, deps), {
      replyWithinMs: REPLY_WITHIN_MS,
    })
    if (Object.values(kept).some((count) => count > 0)) log.info(kept, 'plans run')
  }
  const looking = runEvery(everyMs, look, (error) => log.warn({ err: error }, 'plans not run, tried again'))
  return {
    async stop() {
      await looking.stop()
      await queue.close()
    },
  }
}

/**
 * The database's time, if the clock of this process agrees. A clock that jumped ahead would place the orders of days to
 * come, or mark them as missed.
 * @throws Error when the clocks disagree
 */
async function agreedTime(runner: StatementRunner, clock: Clock, ownNow: () => number): Promise<Date> {
  const now = await clock(runner)
  const apartMs = Math.abs(now.getTime() - ownNow())
  if (apartMs > CLOCKS_APART_MS)
    throw new Error(
      `the clocks of the database and of this scheduler are ${Math.round(apartMs / 1_000)} s apart`,
    )
  return now
}
