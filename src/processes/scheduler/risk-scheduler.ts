import type { Settings } from '../../config.ts'
import type { Log } from '../../core/log.ts'
import { type PeriodicTask, runEvery } from '../../core/periodic-task.ts'
import { openDatabase } from '../../postgres/pool.ts'
import { type OverdueRules, storeOverdueRules } from '../../risk/overdue-rules.ts'

/** The configuration of the scheduler of what is at risk. */
export interface RiskSchedulerOptions {
  readonly databaseUrl: string
  readonly rules: OverdueRules
  readonly log: Log
  readonly everyMs?: number
}

const EVERY_MS = 10_000

/** The rules that the settings make. */
export function overdueRulesOf({ reconDailyAt, reconLagMs, overdue }: Settings): OverdueRules {
  return { dailyAt: reconDailyAt, lagMinutes: Math.round(reconLagMs / 60_000), ...overdue }
}

/** Stores when something is overdue. */
export function startRiskScheduler({
  databaseUrl,
  rules,
  log,
  everyMs = EVERY_MS,
}: RiskSchedulerOptions): PeriodicTask {
  const onError = (error: Error) => log.warn({ err: error }, 'postgres error')
  const database = openDatabase({ databaseUrl, maxConnections: 1, onError })
  let areStored = false
  const work = async () => {
    if (!areStored) await storeOverdueRules(database, rules)
    areStored = true
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
