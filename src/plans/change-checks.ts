import { and, eq, sql } from 'drizzle-orm'
import { wallClockOf } from '../core/time-zone.ts'
import { readHolidayCalendar } from '../holidays/store.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import { formatDay } from './calendar.ts'
import type { PlanChange } from './change-terms.ts'
import { boundsOf, type Plan } from './plan.ts'
import { nextDue } from './schedule.ts'
import { planRuns } from './schema.ts'
import { listOpenSkips } from './skips.ts'

const countRunsFrom = statement(
  'count_plan_runs_from_day',
  { planId: planRuns.planId, day: planRuns.day },
  (db, { planId, day }) =>
    db
      .select({ count: sql<number>`count(*)::int` })
      .from(planRuns)
      .where(and(eq(planRuns.planId, planId), sql`${planRuns.day} >= ${day}`)),
)

/** Why a plan cannot be changed so, as it is now; null when it can. Asked at the proposal, and again at the approval. */
export async function whyNotChanged(
  runner: StatementRunner,
  plan: Plan,
  change: PlanChange,
  now: Date,
): Promise<string | null> {
  const { planId, name, state, owner, untilDay } = plan
  const { fromDay } = change
  if (owner !== null) return `plan ${name} is that of ${owner}, which removes it and adds another over HTTP`
  if (untilDay !== null)
    return `plan ${name} is changed from ${untilDay} on already: change the plan that goes on`
  if (state !== 'active') return `plan ${name} is ${state}: only an active plan is changed`
  if (fromDay <= formatDay(wallClockOf(plan.timeZone).localOf(now)))
    return `--from must be a day after today, and ${fromDay} is not`
  const unfit = whyUnfit(plan, change)
  if (unfit !== null) return unfit
  const [runs] = await countRunsFrom(runner, { planId, day: fromDay })
  const isDueNow = plan.nextDueAt !== null && plan.nextDueAt <= now && (plan.nextDay ?? '') >= fromDay
  if ((runs?.count ?? 0) > 0 || isDueNow)
    return `a date from ${fromDay} on is placed already, or just now: name a later --from`
  const skipped = (await listOpenSkips(runner, { planIds: [planId] })).find(({ day }) => day >= fromDay)
  if (skipped !== undefined)
    return `${skipped.day} is skipped: make it due again (\`goldpro plan unskip ${planId} ${skipped.day}\`), and skip it of the plan that goes on`
  return await whyLost(runner, plan, change, now)
}

/** What of the terms does not fit together. */
function whyUnfit({ source, maxCount }: Plan, change: PlanChange): string | null {
  if (change.schedule === null && change.order === null && change.batch === null)
    return 'say what changes: --order, --batch, --cron or --monthly'
  if (source.is === 'batch' && change.order === null && change.batch === null)
    return `each plan has a batch of its own: create and approve one with the rows of batch ${source.batch_id}, and name it by --batch`
  if (maxCount !== null && change.maxCount === null)
    return 'the plan is due a number of times: say by --count how often the plan that goes on is due'
  // Requests are kept for ever, and personal data of a withdrawal are erased with its plan.
  if (change.order?.source.kind === 'withdraw')
    return 'an order of a withdrawal is not kept with a request: remove this plan, and add another'
  return null
}

const BEGINNING = new Date(0)

/** A first date that was moved to a time that is over would be placed by neither plan. */
async function whyLost(
  runner: StatementRunner,
  plan: Plan,
  { fromDay, schedule }: PlanChange,
  now: Date,
): Promise<string | null> {
  const { names } = await readHolidayCalendar(runner)
  const bounds = { ...boundsOf(plan), startsAt: BEGINNING, endsAt: null, countLeft: null }
  const first = nextDue(schedule ?? plan.schedule, bounds, { after: BEGINNING, fromDay }, names)
  return first !== null && first.at <= now
    ? `${first.day} would be due at a time that is over: name a later --from`
    : null
}
