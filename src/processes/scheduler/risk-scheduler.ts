import { type AlertReceiver, sendDueAlerts } from '../../alerts/deliver.ts'
import { raiseAlerts } from '../../alerts/raise.ts'
import type { Settings } from '../../config.ts'
import type { Log } from '../../core/log.ts'
import { type PeriodicTask, runEvery } from '../../core/periodic-task.ts'
import { openDatabase } from '../../postgres/pool.ts'
import { type OverdueRules, storeOverdueRules } from '../../risk/overdue-rules.ts'
import { createPost } from '../../webhooks/http-post.ts'
import { createResolve } from '../../webhooks/resolve.ts'

/** The configuration of the scheduler of what is at risk. */
export interface RiskSchedulerOptions {
  readonly databaseUrl: string
  readonly rules: OverdueRules
  /** Where operations are told; null: nowhere. */
  readonly receiver: AlertReceiver | null
  readonly log: Log
  readonly everyMs?: number
}

const EVERY_MS = 5_000
const SEND_TIMEOUT_MS = 15_000

/** The rules that the settings make. */
export function overdueRulesOf({ reconDailyAt, reconLagMs, overdue }: Settings): OverdueRules {
  return { dailyAt: reconDailyAt, lagMinutes: Math.round(reconLagMs / 60_000), ...overdue }
}

/** Stores when something is overdue, and tells operations what they must know. */
export function startRiskScheduler(parts: RiskSchedulerOptions): PeriodicTask {
  const { databaseUrl, rules, receiver, log, everyMs = EVERY_MS } = parts
  const onError = (error: Error) => log.warn({ err: error }, 'postgres error')
  const database = openDatabase({ databaseUrl, maxConnections: 1, onError })
  const post = createPost({
    allowLoopback: true,
    trustsUrl: true,
    timeoutMs: SEND_TIMEOUT_MS,
    resolve: createResolve(),
  })
  let areStored = false
  const work = async () => {
    if (!areStored) await storeOverdueRules(database, rules)
    areStored = true
    if (receiver === null) return
    const raised = await raiseAlerts(database)
    if (raised > 0) log.info({ raised }, 'alerts raised')
    await sendDueAlerts(database, { ...receiver, post, random: Math.random, log })
  }
  const running = runEvery(everyMs, work, (error) =>
    log.warn({ err: error }, 'what is at risk not looked at, tried again'),
  )
  return {
    async stop() {
      await running.stop()
      await database.close()
    },
  }
}
