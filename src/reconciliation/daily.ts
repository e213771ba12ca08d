import { and, asc, eq, gte, isNotNull, isNull, lt, sql } from 'drizzle-orm'
import { dayOf, formatMinute, periodOfDay } from '../core/business-days.ts'
import { attempts } from '../orders/schema.ts'
import { type StatementRunner, StorageError } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import { statement, type } from '../postgres/statement.ts'
import { type RunResult, reconcile } from './run.ts'
import { reconRuns } from './runs-schema.ts'
import type { ReconSettings } from './settings.ts'
import { statements } from './statements/schema.ts'

/** How many days a scheduler looks back for days that were not reconciled. */
const DAYS_BACK = 7
const DAY_MS = 86_400_000

/** What the scheduler did with a due day. */
export type DailyOutcome =
  | { readonly is: 'reconciled'; readonly day: string; readonly result: RunResult }
  /** Another scheduler reconciled it at the same time. */
  | { readonly is: 'reconciled_by_another'; readonly day: string }
  /** Orders were sent on that day, and the statements of these sources do not cover it yet. */
  | { readonly is: 'statement_overdue'; readonly day: string; readonly sources: readonly string[] }

export interface DailyRequest {
  readonly now: Date
  /** `HH:MM` in Jakarta: the time from which yesterday is due. */
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

/** Reconciles each due day whose statements were imported, once, whatever the number of schedulers. */
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

/** A day of which orders were sent and whose statements are not all there yet. */
export interface OverdueStatement {
  readonly day: string
  /** Sources whose statements do not cover the day; empty where no source is known. */
  readonly sources: readonly string[]
}

/** The days whose statements are overdue, the earliest first. Reconciles nothing. */
export async function readOverdueStatements(
  runner: StatementRunner,
  { now, dailyAt }: Pick<DailyRequest, 'now' | 'dailyAt'>,
): Promise<OverdueStatement[]> {
  const overdue: OverdueStatement[] = []
  for (const day of dueDays(now, dailyAt)) {
    const { isReconciled, hasStatement, hasAttempts, sources } = await readDay(runner, day)
    const isThere = hasStatement && sources.length === 0
    if (!isReconciled && !isThere && hasAttempts) overdue.push({ day, sources })
  }
  return overdue
}

const selectDayStatus = statement(
  'read_day_of_reconciliation',
  { day: reconRuns.scheduledFor, from: type.time, to: type.time },
  (db, { day, from, to }) => {
    const periodOf = sql`tstzrange(${statements.periodFrom}, ${statements.periodTo})`
    const theDay = sql`tstzrange(${from}, ${to})`
    const runsOfTheDay = db
      .select({ id: reconRuns.id })
      .from(reconRuns)
      .where(and(eq(reconRuns.scheduledFor, day), isNotNull(reconRuns.finishedAt)))
    const attemptsOfTheDay = db
      .select({ seq: attempts.seq })
      .from(attempts)
      .where(and(gte(attempts.intentAt, from), lt(attempts.intentAt, to)))
    const statementsOfTheDay = db
      .select({ id: statements.id })
      .from(statements)
      .where(and(isNull(statements.replacedAt), sql`${periodOf} && ${theDay}`))
    // A source whose last statement is 30 days old counts no more.
    const sourcesWithoutIt = db
      .select({ source: statements.source })
      .from(statements)
      .where(and(isNull(statements.replacedAt), sql`${statements.periodTo} > ${from} - interval '30 days'`))
      .groupBy(statements.source)
      .having(sql`not range_agg(${periodOf}) @> ${theDay}`)
      .orderBy(asc(statements.source))
    return db
      .select({
        isReconciled: sql<boolean>`exists ${runsOfTheDay}`,
        hasAttempts: sql<boolean>`exists ${attemptsOfTheDay}`,
        /** Whether any statement is about the day. */
        hasStatement: sql<boolean>`exists ${statementsOfTheDay}`,
        /** The sources whose statements do not cover the day. */
        sources: sql<string[]>`array${sourcesWithoutIt}`,
      })
      .from(sql`(values (true)) as one_row`)
  },
)

async function readDay(runner: StatementRunner, day: string) {
  const [status] = await selectDayStatus(runner, { day, ...periodOfDay(day) })
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
