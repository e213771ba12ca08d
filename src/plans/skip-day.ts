import { wallClockOf } from '../core/time-zone.ts'
import type { HolidayCalendar } from '../holidays/calendar.ts'
import { readHolidayCalendar } from '../holidays/store.ts'
import { storedName } from '../operators/person-commands.ts'
import type { StatementRunner, Transactor } from '../postgres/pool.ts'
import { type Due, formatDay } from './calendar.ts'
import { type CommandContext, type PlanAnswer, refused, withLockedPlan, wrongState } from './commands.ts'
import { boundsOf, type Plan, pendingDue } from './plan.ts'
import { nextDue } from './schedule.ts'
import { insertSkip, listOpenSkips, readRunsOfDay, undoSkip } from './skips.ts'

/** A day that was skipped, or is due again. */
export interface SkippedDay {
  /** The day that the schedule names. */
  readonly day: string
}

/** A person's command about a day of a plan, which says why. */
export interface DayCommand extends CommandContext {
  readonly who: 'person'
  readonly note: string
}

/**
 * Skips a day of a plan before its run is started. Whoever comes first wins: the plan is locked here and by schedulers, and
 * the other one sees what was decided.
 * @param date as due times are shown, or as the schedule names it: they differ where holidays move it
 */
export async function skipPlanDay(
  database: Transactor,
  planId: number,
  date: string,
  command: DayCommand,
): Promise<PlanAnswer<SkippedDay>> {
  return await withLockedPlan(database, { planId, who: command.who }, async (plan, runner) => {
    if (plan.state !== 'active' && plan.state !== 'paused')
      return wrongState(plan, 'nothing of it is due any more')
    const day = await findDay(runner, plan, date, command)
    if (day === null)
      return refused(
        'not_now',
        `plan ${plan.name} is not due on ${date}: see \`goldpro plan show ${planId}\``,
      )
    const over = await whyOver(runner, planId, day)
    if (over !== null) return refused('not_now', over)
    const skip = { planId, day, reason: command.note, skippedBy: storedName(command.by) }
    if ((await insertSkip(runner, skip)).length > 0) return { is: 'done', plan, day }
    return refused('wrong_state', `${day} is skipped already`)
  })
}

/** Makes a skipped day due again, before it came. */
export async function unskipPlanDay(
  database: Transactor,
  planId: number,
  date: string,
  command: DayCommand,
): Promise<PlanAnswer<SkippedDay>> {
  return await withLockedPlan(database, { planId, who: command.who }, async (plan, runner) => {
    const day = await findSkippedDay(runner, plan, date)
    if (day === null)
      return refused(
        'wrong_state',
        `${date} of plan ${plan.name} is not skipped: see \`goldpro plan show ${planId}\``,
      )
    const over = await whyOver(runner, planId, day)
    if (over !== null) return refused('not_now', over)
    const undone = { planId, day, undoneBy: storedName(command.by), undoneReason: command.note }
    await undoSkip(runner, undone)
    return { is: 'done', plan, day }
  })
}

/** Why nothing can be decided about a day any more; null while no run of it was started or skipped. */
async function whyOver(runner: StatementRunner, planId: number, day: string): Promise<string | null> {
  const decided = (await readRunsOfDay(runner, { planId, day })).find(({ state }) => state !== 'planned')
  if (decided === undefined) return null
  return decided.state === 'skipped'
    ? `the due time of ${day} has come, and was skipped (${decided.reason})`
    : `the run of ${day} was started before: what it placed goes on, \`goldpro plan history ${planId}\` shows it`
}

/** The day of the schedule that a date means; null when the plan is not due then. */
async function findDay(
  runner: StatementRunner,
  plan: Plan,
  date: string,
  { clock }: CommandContext,
): Promise<string | null> {
  if ((await readRunsOfDay(runner, { planId: plan.planId, day: date })).length > 0) return date
  const holidays = await readHolidayCalendar(runner)
  const pending = pendingDue(plan, holidays, await clock(runner))
  if (pending === null) return null
  const found = [pending, dueOn(plan, holidays, date, pending), dueOfDay(plan, holidays, date)]
  return found.find((due) => due !== null && isMeant(plan, due, date) && due.day >= pending.day)?.day ?? null
}

const BEGINNING = new Date(0)

/** The first due time on a date, or after it. */
function dueOn(plan: Plan, holidays: HolidayCalendar, date: string, pending: Due): Due | null {
  const midnight = wallClockOf(plan.timeZone).momentOf(Date.parse(date)).getTime() - 1
  const after = new Date(Math.max(midnight, pending.at.getTime() - 1))
  return nextDue(plan.schedule, boundsOf(plan), { after, fromDay: pending.day }, holidays.names)
}

/** The due time of a day of the schedule, wherever it is moved. */
function dueOfDay(plan: Plan, holidays: HolidayCalendar, day: string): Due | null {
  return nextDue(plan.schedule, boundsOf(plan), { after: BEGINNING, fromDay: day }, holidays.names)
}

const isMeant = ({ timeZone }: Plan, { at, day }: Due, date: string): boolean =>
  day === date || formatDay(wallClockOf(timeZone).localOf(at)) === date

async function findSkippedDay(runner: StatementRunner, plan: Plan, date: string): Promise<string | null> {
  const skips = await listOpenSkips(runner, { planIds: [plan.planId] })
  const holidays = await readHolidayCalendar(runner)
  const meant = skips.find(({ day }) => {
    const due = dueOfDay(plan, holidays, day)
    return day === date || (due?.day === day && isMeant(plan, due, date))
  })
  return meant?.day ?? null
}
