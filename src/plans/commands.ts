import { readHolidayCalendar } from '../holidays/store.ts'
import type { Clock } from '../postgres/clock.ts'
import type { StatementRunner, Transactor } from '../postgres/pool.ts'
import type { Initiator } from './lifecycle.ts'
import { nextFromNow, type Plan, type PlanTerms } from './plan.ts'
import { planDueTimes } from './plan-due-times.ts'
import { nextDue } from './schedule.ts'
import { insertPlan, lockPlan, setPaused, setRemoved, setResumed, skipPlanned } from './store.ts'

/** Why a command is refused. */
export type Refusal =
  | 'unknown'
  | 'wrong_state'
  | 'not_now'
  | 'never_due'
  | 'name_taken'
  | 'batch_unknown'
  | 'batch_unfit'

/** The result of a command. */
export type PlanAnswer<T = object> =
  | ({ readonly is: 'done'; readonly plan: Plan } & T)
  | { readonly is: 'refused'; readonly why: Refusal; readonly message: string }

/** Who gives a command, why, and by which clock. */
export interface CommandContext {
  readonly who: Initiator
  readonly by: string
  readonly note: string | null
  readonly clock: Clock
}

/** The actor in the spelling of events. */
export const actorOf = ({ who, by }: CommandContext) => `${who}:${by}`

/** A refused command, with a sentence for its author. */
export const refused = (why: Refusal, message: string) => ({ is: 'refused', why, message }) as const

/** Adds a plan. It is never due before it was added. */
export async function addPlan(
  runner: StatementRunner,
  terms: PlanTerms,
  command: CommandContext,
): Promise<PlanAnswer> {
  const now = await command.clock(runner)
  const startsAt = terms.startsAt ?? now
  const holidays = await readHolidayCalendar(runner)
  const bounds = { ...terms, startsAt, countLeft: terms.maxCount, fromDay: null, untilDay: null }
  const next = nextDue(terms.schedule, bounds, { after: now, fromDay: null }, holidays.names)
  if (next === null)
    return refused(
      'never_due',
      'it would never be due: its schedule has no time between its start and its end',
    )
  const { source } = terms
  const [plan] = await insertPlan(runner, {
    ...terms,
    startsAt,
    batchId: source.is === 'batch' ? source.batch_id : null,
    actor: actorOf(command),
    note: command.note,
    nextDueAt: next.at,
    nextDay: next.day,
    calendar: holidays.version,
    ...{ reason: 'added', fromDay: null, replaces: null },
    createdBy: command.by,
    createdAt: now,
  })
  return plan === undefined
    ? refused(
        'name_taken',
        `there is a plan ${terms.name} already: give this one another name, or remove that one`,
      )
    : { is: 'done', plan }
}

// Copying a large batch locks its plan for seconds: requests over HTTP must not queue up for it.
export const LIMIT_WAIT = {
  name: 'limit_wait_for_plan',
  text: `SELECT set_config('lock_timeout', '2s', true)`,
}

/** Locks the plan against schedulers, and runs a command on its state at that time. */
export async function withLockedPlan<T extends object>(
  database: Transactor,
  { planId, who }: { readonly planId: number; readonly who: Initiator },
  work: (plan: Plan, runner: StatementRunner) => Promise<PlanAnswer<T>>,
): Promise<PlanAnswer<T>> {
  return await database.transaction(async (runner) => {
    if (who === 'partner') await runner.run(LIMIT_WAIT, [])
    const [plan] = await lockPlan(runner, { planId })
    return plan === undefined ? refused('unknown', `there is no plan ${planId}`) : await work(plan, runner)
  })
}

/** Refused for the state the plan is in. */
export const wrongState = ({ name, state }: Plan, rule: string) =>
  refused('wrong_state', `plan ${name} is ${state}: ${rule}`)

/** Pauses an active plan: it gets no due times until it is resumed, and planned ones are not started. */
export async function pausePlan(
  database: Transactor,
  planId: number,
  command: CommandContext,
): Promise<PlanAnswer> {
  return await withLockedPlan(database, { planId, who: command.who }, async (plan, runner) => {
    if (plan.state !== 'active') return wrongState(plan, 'only an active plan is paused')
    const now = await command.clock(runner)
    const values = { planId, actor: actorOf(command), note: command.note, now }
    return done(await setPaused(runner, { ...values, reason: `paused_by_${command.who}` }))
  })
}

/** Resumes a paused plan with its next due time from now on. Only an operator resumes what an operator paused. */
export async function resumePlan(
  database: Transactor,
  planId: number,
  command: CommandContext,
): Promise<PlanAnswer> {
  // Due times before the pause get their runs first, in case no scheduler has written them.
  while ((await planDueTimes(database, { clock: command.clock, actor: actorOf(command), planId })) > 0);
  return await withLockedPlan(database, { planId, who: command.who }, async (plan, runner) => {
    if (plan.state !== 'paused') return wrongState(plan, 'only a paused plan is resumed')
    if (command.who === 'partner' && plan.reason === 'paused_by_person')
      return wrongState(plan, 'an operator paused it, and only an operator resumes it')
    const holidays = await readHolidayCalendar(runner)
    const next = nextFromNow(plan, await command.clock(runner), holidays)
    const due = { nextDueAt: next?.at ?? null, nextDay: next?.day ?? null, calendar: holidays.version }
    const values = { planId, actor: actorOf(command), note: command.note, ...due }
    return done(await setResumed(runner, { ...values, reason: `resumed_by_${command.who}` }))
  })
}

/** Removes a plan for good. Its history stays, its personal data are erased; orders it started are not touched. */
export async function removePlan(
  database: Transactor,
  planId: number,
  command: CommandContext,
): Promise<PlanAnswer> {
  return await withLockedPlan(database, { planId, who: command.who }, async (plan, runner) => {
    if (plan.state !== 'active' && plan.state !== 'paused')
      return wrongState(plan, 'nothing of it runs any more')
    const values = { planId, actor: actorOf(command) }
    await skipPlanned(runner, values)
    const reason = `removed_by_${command.who}`
    return done(await setRemoved(runner, { ...values, note: command.note, reason }))
  })
}

function done([plan]: readonly Plan[]): PlanAnswer {
  if (plan === undefined) throw new Error('a locked plan vanished')
  return { is: 'done', plan }
}
