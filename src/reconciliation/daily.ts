import { dayOf, formatMinute, periodOfDay } from '../core/business-days.ts'
import { StorageError } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import { type RunResult, reconcile } from './run.ts'
import type { ReconSettings } from './settings.ts'

/** How far back a scheduler that was away looks for days that nobody reconciled. */
const DAYS_BACK = 7
const DAY_MS = 86_400_000

/** What became of a day that is due. */
export type DailyOutcome =
  | { readonly is: 'reconciled'; readonly day: string; readonly result: RunResult }
  /** Another scheduler did it at the same time. */
  | { readonly is: 'reconciled_by_another'; readonly day: string }
  /** Orders were sent on that day, and statements that should have come by now do not cover it. */
  | { readonly is: 'statement_overdue'; readonly day: string; readonly sources: readonly string[] }

export interface DailyRequest {
  readonly now: Date
  /** `HH:MM` in Jakarta: from then on yesterday is due. */
  readonly dailyAt: string
  readonly settings: ReconSettings
  readonly actor: string
}

/** The last days that are due, the earliest first. */
export function dueDays(now: Date, dailyAt: string): string[] {
  const isPast = formatMinute(now).slice(11) >= dailyAt
  const newest = isPast ? 1 : 2
  return Array.from({ length: DAYS_BACK }, (_, n) =>
    dayOf(new Date(now.getTime() - (newest + DAYS_BACK - 1 - n) * DAY_MS)),
  )
}

/** Reconciles each day that is due and whose statements have come, once, however many schedulers there are. */
export async function reconcileDueDays(session: Session, request: DailyRequest): Promise<DailyOutcome[]> {
  const outcomes: DailyOutcome[] = []
  for (const day of dueDays(request.now, request.dailyAt)) {
    const status = await readDay(session, day)
    if (status.isReconciled) continue
    if (status.hasStatement && status.sources.length === 0)
      outcomes.push(await reconcileDay(session, day, request))
    else if (status.hasAttempts) outcomes.push({ is: 'statement_overdue', day, sources: status.sources })
  }
  return outcomes
}

interface DayStatus {
  readonly isReconciled: boolean
  readonly hasAttempts: boolean
  /** A statement is about this day. */
  readonly hasStatement: boolean
  /** The sources whose statements do not cover it. */
  readonly sources: readonly string[]
}

// A source that has sent nothing for a month is no source any more.
const READ_DAY = {
  name: 'read_day_of_reconciliation',
  text: `
    SELECT
      EXISTS (SELECT 1 FROM recon_runs WHERE scheduled_for = $1::date AND finished_at IS NOT NULL) AS "isReconciled",
      EXISTS (SELECT 1 FROM attempts WHERE intent_at >= $2 AND intent_at < $3) AS "hasAttempts",
      EXISTS (SELECT 1 FROM statements
        WHERE replaced_at IS NULL AND tstzrange(period_from, period_to) && tstzrange($2, $3)) AS "hasStatement",
      ARRAY(SELECT source FROM statements WHERE replaced_at IS NULL AND period_to > $2::timestamptz - interval '30 days'
        GROUP BY source HAVING NOT range_agg(tstzrange(period_from, period_to)) @> tstzrange($2, $3)
        ORDER BY source) AS sources`,
}

async function readDay(session: Session, day: string): Promise<DayStatus> {
  const { from, to } = periodOfDay(day)
  const [status] = await session.run<DayStatus>(READ_DAY, [day, from, to])
  if (status === undefined) throw new Error('a day without a status')
  return status
}

async function reconcileDay(
  session: Session,
  day: string,
  { settings, actor }: DailyRequest,
): Promise<DailyOutcome> {
  try {
    const result = await reconcile(session, { period: periodOfDay(day), settings, actor, scheduledFor: day })
    return { is: 'reconciled', day, result }
  } catch (error) {
    if (error instanceof StorageError && error.constraint === 'recon_runs_once_a_day')
      return { is: 'reconciled_by_another', day }
    throw error
  }
}
