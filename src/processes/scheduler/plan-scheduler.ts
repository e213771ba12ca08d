import type { Log } from '../../core/log.ts'
import { newOrderId } from '../../core/new-id.ts'
import { type PeriodicTask, runEvery } from '../../core/periodic-task.ts'
import { runDuePlans } from '../../plans/run-due.ts'
import { type Clock, databaseClock } from '../../postgres/clock.ts'
import type { StatementRunner } from '../../postgres/pool.ts'
import { withSession } from '../../postgres/session.ts'
import { openQueue } from '../../queue/backend.ts'
import { wakeOrders } from '../../queue/order-worker.ts'

/** Everything a scheduler of plans is made of. */
export interface PlanSchedulerOptions {
  readonly databaseUrl: string
  /** Null: the queue lives in the database too. */
  readonly redisUrl: string | null
  /** Its name as events show it. */
  readonly name: string
  readonly log: Log
  readonly clock?: Clock
  readonly everyMs?: number
  /** This process's own clock. */
  readonly ownNow?: () => number
}

const LOOK_EVERY_MS = 2_000
/** No statement of a copy takes longer than a minute, if the server is there. */
const REPLY_WITHIN_MS = 90_000
/** An order that was woken is not woken again by its plan. */
const WAKE_ONCE_MS = 1_000
/** Clocks this far apart: one of them has jumped, and nobody here knows which. */
const CLOCKS_APART_MS = 60_000

/** Keeps all plans: any number of schedulers may. */
export function startPlanScheduler(parts: PlanSchedulerOptions): PeriodicTask {
  const { databaseUrl, redisUrl, name, log } = parts
  const { clock = databaseClock, everyMs = LOOK_EVERY_MS, ownNow = Date.now } = parts
  const queue = openQueue({ databaseUrl, redisUrl }, (error) => log.warn({ err: error }, 'queue trouble'))
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
    if (Object.values(kept).some((count) => count > 0)) log.info(kept, 'kept plans')
  }
  const looking = runEvery(everyMs, look, (error) => log.warn({ err: error }, 'plans not kept, tried again'))
  return {
    async stop() {
      await looking.stop()
      await queue.close()
    },
  }
}

/**
 * The database's time, as long as this process's own clock agrees: else a clock that jumped ahead would send the
 * orders of days to come, or give them up as missed.
 * @throws Error when the two disagree
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
