import type { Log } from '../../core/log.ts'
import { type PeriodicTask, runEvery } from '../../core/periodic-task.ts'
import { withSession } from '../../postgres/session.ts'
import { type DailyOutcome, reconcileDueDays } from '../../reconciliation/daily.ts'
import { DEFAULT_RECON_SETTINGS } from '../../reconciliation/settings.ts'

/** The configuration of the scheduler of reconciliation. */
export interface ReconSchedulerOptions {
  readonly databaseUrl: string
  /** `HH:MM` in Jakarta. */
  readonly dailyAt: string
  readonly lagMs: number
  /** Its name as runs show it. */
  readonly name: string
  readonly log: Log
  readonly now?: () => Date
  readonly everyMs?: number
}

const SCHEDULE_EVERY_MS = 30_000
const REMIND_EVERY_MS = 3_600_000

/** Reconciles due days, and logs overdue statements. */
export function startReconScheduler(parts: ReconSchedulerOptions): PeriodicTask {
  const {
    databaseUrl,
    dailyAt,
    lagMs,
    name,
    log,
    now = () => new Date(),
    everyMs = SCHEDULE_EVERY_MS,
  } = parts
  const remindedAtMs = new Map<string, number>()
  const tell = (outcome: DailyOutcome, nowMs: number) => {
    const { day } = outcome
    switch (outcome.is) {
      case 'reconciled':
        return log.info({ day, run: outcome.result.runId, ...outcome.result.counts }, 'reconciled')
      case 'reconciled_by_another':
        return log.debug({ day }, 'reconciled by another scheduler')
      case 'statement_overdue':
        if (nowMs - (remindedAtMs.get(day) ?? Number.NEGATIVE_INFINITY) < REMIND_EVERY_MS) return
        remindedAtMs.set(day, nowMs)
        return log.warn({ day, sources: outcome.sources }, 'statement overdue: import it')
    }
  }
  const work = async () => {
    const request = {
      ...{ now: now(), dailyAt, actor: `scheduler:${name}` },
      settings: { ...DEFAULT_RECON_SETTINGS, lagMs, configuredLagMs: lagMs },
    }
    const outcomes = await withSession(databaseUrl, (session) => reconcileDueDays(session, request))
    for (const outcome of outcomes) tell(outcome, request.now.getTime())
  }
  return runEvery(everyMs, work, (error) => log.warn({ err: error }, 'schedule not kept, tried again'))
}
