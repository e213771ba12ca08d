import type { ApprovedBy, ChangeKind } from '../approvals/change-kind.ts'
import { readHolidayCalendar } from '../holidays/store.ts'
import { type CommandResult, refused } from '../operators/person-commands.ts'
import { type Clock, databaseClock } from '../postgres/clock.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { takeBatch } from './batch-source.ts'
import { whyNotChanged } from './change-checks.ts'
import { type PlanChange, planChange } from './change-terms.ts'
import { describeSource } from './order-source.ts'
import { type Plan, pendingDue } from './plan.ts'
import { describeSchedule, nextDue } from './schedule.ts'
import { findPlanById, insertPlan, lockPlan, setUntilDay } from './store.ts'

/**
 * Changing a plan's order or schedule from a day on: two people. The plan keeps its days before, and another plan goes on
 * from that day. A day of the schedule is one plan's wherever it is moved, so each is placed by exactly one.
 */
export const changePlanBy = (clock: Clock): ChangeKind<PlanChange> => ({
  name: 'change_plan',
  payload: planChange,
  // As the trigger guard_plan asks for it.
  subjectOf: ({ planId }) => `plan ${planId}`,
  describe: describeChange,
  async readCurrent(runner, { planId }) {
    const [plan] = await findPlanById(runner, { planId })
    return { state: plan?.state ?? null, until_day: plan?.untilDay ?? null }
  },
  apply: (runner, change, by) => applyChange(runner, change, by, clock),
})

export const CHANGE_PLAN = changePlanBy(databaseClock)

function describeChange({ planId, name, fromDay, schedule, maxCount, order, batch }: PlanChange): string {
  const what = order === null ? null : `${order.partner}: ${describeSource(order.source)}`
  const parts = [
    what ??
      (batch === null
        ? 'the same order'
        : `copies of batch ${batch.batchId}, ${batch.ratePerSecond} rows a second`),
    schedule === null ? 'on the same schedule' : describeSchedule(schedule),
    ...(maxCount === null ? [] : [`${maxCount} times`]),
  ]
  return `from ${fromDay} on, plan ${planId} goes on as plan ${name}: ${parts.join(', ')}`
}

async function applyChange(
  runner: StatementRunner,
  change: PlanChange,
  by: ApprovedBy,
  clock: Clock,
): Promise<CommandResult<object>> {
  const { planId, fromDay } = change
  const [plan] = await lockPlan(runner, { planId })
  if (plan === undefined) return refused(`there is no plan ${planId}`)
  const now = await clock(runner)
  const reason = await whyNotChanged(runner, plan, change, now)
  if (reason !== null) return refused(reason)
  const pending = pendingDue(plan, await readHolidayCalendar(runner), now)
  const isLeft = pending !== null && pending.day < fromDay
  await setUntilDay(runner, {
    ...{ planId, untilDay: fromDay },
    nextDueAt: isLeft ? plan.nextDueAt : null,
    nextDay: isLeft ? plan.nextDay : null,
  })
  return await goOn(runner, plan, change, by, now)
}

/** Adds the plan that goes on. */
async function goOn(
  runner: StatementRunner,
  plan: Plan,
  change: PlanChange,
  { requestId, proposedBy, approvedBy }: ApprovedBy,
  now: Date,
): Promise<CommandResult<object>> {
  const { name, fromDay, maxCount, order, batch } = change
  const taken = batch === null ? null : await takeBatch(runner, null, batch)
  if (taken?.is === 'refused') return refused(taken.message)
  const source = taken?.source ?? order?.source ?? plan.source
  const schedule = change.schedule ?? plan.schedule
  const { timeZone, endsAt, missed, maxAgeMinutes, overlap } = plan
  const holidays = await readHolidayCalendar(runner)
  const bounds = { ...{ timeZone, endsAt, fromDay }, startsAt: now, untilDay: null, countLeft: maxCount }
  const next = nextDue(schedule, bounds, { after: now, fromDay: null }, holidays.names)
  if (next === null)
    return refused(`it would never be due from ${fromDay} on: its schedule has no time before its end`)
  const [added] = await insertPlan(runner, {
    ...{ name, owner: null, source, schedule, timeZone, endsAt, maxCount, missed, maxAgeMinutes, overlap },
    partner: source.is === 'batch' ? null : (order?.partner ?? plan.partner),
    deadlineMinutes: order === null ? plan.deadlineMinutes : order.deadlineMinutes,
    batchId: source.is === 'batch' ? source.batch_id : null,
    ...{ startsAt: now, fromDay, replaces: plan.planId },
    ...{ nextDueAt: next.at, nextDay: next.day, calendar: holidays.version },
    ...{ reason: 'changed_by_people', actor: `person:${approvedBy}`, note: `request ${requestId}` },
    ...{ createdBy: proposedBy, createdAt: now },
  })
  return added === undefined
    ? refused(`there is a plan ${name} already: decline this, and propose it with another --name`)
    : { is: 'done' }
}
