import type { Clock } from '../postgres/clock.ts'
import type { StatementRunner, Transactor } from '../postgres/pool.ts'
import type { Leader } from './lifecycle.ts'
import { nextOf, PLAN_COLUMNS, type Plan, type PlanTerms } from './plan.ts'
import { planDueTimes } from './plan-due-times.ts'
import { nextDueTime } from './schedule.ts'

/** Why a wish is not fulfilled. */
export type Refusal =
  | 'unknown'
  | 'wrong_state'
  | 'not_now'
  | 'never_due'
  | 'name_taken'
  | 'batch_unknown'
  | 'batch_unfit'

/** What became of somebody's wish. */
export type PlanAnswer<T = object> =
  | ({ readonly is: 'done'; readonly plan: Plan } & T)
  | { readonly is: 'refused'; readonly why: Refusal; readonly message: string }

/** Who leads a plan, why, and by which clock. */
export interface CommandContext {
  readonly who: Leader
  readonly by: string
  readonly note: string | null
  readonly clock: Clock
}

/** As events show it. */
export const actorOf = ({ who, by }: CommandContext) => `${who}:${by}`

/** A wish that is not fulfilled, with a sentence. */
export const refused = (why: Refusal, message: string) => ({ is: 'refused', why, message }) as const

const INSERT_PLAN = {
  name: 'insert_plan',
  text: `
    INSERT INTO plans AS p (name, owner, partner, source, schedule, time_zone, starts_at, ends_at, max_count, missed,
      max_age_minutes, overlap, deadline_minutes, batch_id, state, reason, actor, note, next_due_at, created_by, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'active', 'added', $15, $16, $17, $18, $19)
    ON CONFLICT DO NOTHING
    RETURNING ${PLAN_COLUMNS}`,
}

/** Adds a plan. It is never due before it was added. */
export async function addPlan(
  runner: StatementRunner,
  terms: PlanTerms,
  lead: CommandContext,
): Promise<PlanAnswer> {
  const now = await lead.clock(runner)
  const startsAt = terms.startsAt ?? now
  const next = nextDueTime(terms.schedule, { ...terms, startsAt, countLeft: terms.maxCount }, now)
  if (next === null)
    return refused(
      'never_due',
      'it would never be due: its schedule has no time between its start and its end',
    )
  const [plan] = await runner.run<Plan>(INSERT_PLAN, [
    ...[
      terms.name,
      terms.owner,
      terms.partner,
      JSON.stringify(terms.source),
      JSON.stringify(terms.schedule),
      terms.timeZone,
    ],
    ...[startsAt, terms.endsAt, terms.maxCount, terms.missed, terms.maxAgeMinutes, terms.overlap],
    ...[terms.deadlineMinutes, terms.source.is === 'batch' ? terms.source.batch_id : null],
    ...[actorOf(lead), lead.note, next, lead.by, now],
  ])
  return plan === undefined
    ? refused(
        'name_taken',
        `there is a plan ${terms.name} already: give this one another name, or remove that one`,
      )
    : { is: 'done', plan }
}

const LOCK_PLAN = {
  name: 'lock_plan_for_person',
  text: `SELECT ${PLAN_COLUMNS} FROM plans p WHERE p.id = $1 FOR UPDATE`,
}

// Making a copy of a large batch holds its plan for seconds: requests over HTTP must not queue up for it.
export const LIMIT_WAIT = {
  name: 'limit_wait_for_plan',
  text: `SELECT set_config('lock_timeout', '2s', true)`,
}

/** Holds the plan against schedulers, and leads it as it then is. */
export async function withLockedPlan<T extends object>(
  database: Transactor,
  { planId, who }: { readonly planId: number; readonly who: Leader },
  lead: (plan: Plan, runner: StatementRunner) => Promise<PlanAnswer<T>>,
): Promise<PlanAnswer<T>> {
  return await database.transaction(async (runner) => {
    if (who === 'partner') await runner.run(LIMIT_WAIT, [])
    const [plan] = await runner.run<Plan>(LOCK_PLAN, [planId])
    return plan === undefined ? refused('unknown', `there is no plan ${planId}`) : await lead(plan, runner)
  })
}

/** Refused for the state the plan is in. */
export const wrongState = ({ name, state }: Plan, rule: string) =>
  refused('wrong_state', `plan ${name} is ${state}: ${rule}`)

const PAUSE_PLAN = {
  name: 'pause_plan',
  text: `
    UPDATE plans p SET state = 'paused', reason = $5, actor = $2, note = $3, paused_at = $4
    WHERE p.id = $1 RETURNING ${PLAN_COLUMNS}`,
}

/** Pauses an active plan: it has no due times until it is resumed, and starts none that it had. */
export async function pausePlan(
  database: Transactor,
  planId: number,
  lead: CommandContext,
): Promise<PlanAnswer> {
  return await withLockedPlan(database, { planId, who: lead.who }, async (plan, runner) => {
    if (plan.state !== 'active') return wrongState(plan, 'only an active plan is paused')
    const now = await lead.clock(runner)
    const values = [planId, actorOf(lead), lead.note, now, `paused_by_${lead.who}`]
    return done(await runner.run<Plan>(PAUSE_PLAN, values))
  })
}

const RESUME_PLAN = {
  name: 'resume_plan',
  text: `
    UPDATE plans p SET state = 'active', reason = $5, actor = $2, note = $3, paused_at = NULL, next_due_at = $4
    WHERE p.id = $1 RETURNING ${PLAN_COLUMNS}`,
}

/** Resumes a paused plan with its first due time from now on. What an operator paused only an operator resumes. */
export async function resumePlan(
  database: Transactor,
  planId: number,
  lead: CommandContext,
): Promise<PlanAnswer> {
  // What was due before the pause gets its runs first, when no scheduler has written them.
  while ((await planDueTimes(database, { ...lead, actor: actorOf(lead), planId })) > 0);
  return await withLockedPlan(database, { planId, who: lead.who }, async (plan, runner) => {
    if (plan.state !== 'paused') return wrongState(plan, 'only a paused plan is resumed')
    if (lead.who === 'partner' && plan.reason === 'paused_by_person')
      return wrongState(plan, 'an operator paused it, and only an operator resumes it')
    const next = nextOf(plan, plan.dueCount, await lead.clock(runner))
    const values = [planId, actorOf(lead), lead.note, next, `resumed_by_${lead.who}`]
    return done(await runner.run<Plan>(RESUME_PLAN, values))
  })
}

const SKIP_PLANNED = {
  name: 'skip_runs_of_removed_plan',
  text: `UPDATE plan_runs SET state = 'skipped', reason = 'plan_removed', actor = $2 WHERE plan_id = $1 AND state = 'planned'`,
}

const REMOVE_PLAN = {
  name: 'remove_plan',
  text: `
    UPDATE plans p SET state = 'removed', reason = $4, actor = $2, note = $3
    WHERE p.id = $1 RETURNING ${PLAN_COLUMNS}`,
}

/** Removes a plan for good. Its history stays, its personal data go; orders that were started are not touched. */
export async function removePlan(
  database: Transactor,
  planId: number,
  lead: CommandContext,
): Promise<PlanAnswer> {
  return await withLockedPlan(database, { planId, who: lead.who }, async (plan, runner) => {
    if (plan.state !== 'active' && plan.state !== 'paused')
      return wrongState(plan, 'nothing of it runs any more')
    await runner.run(SKIP_PLANNED, [planId, actorOf(lead)])
    const values = [planId, actorOf(lead), lead.note, `removed_by_${lead.who}`]
    return done(await runner.run<Plan>(REMOVE_PLAN, values))
  })
}

function done([plan]: readonly Plan[]): PlanAnswer {
  if (plan === undefined) throw new Error('a locked plan vanished')
  return { is: 'done', plan }
}
