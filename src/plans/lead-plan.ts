import type { StatementRunner } from '../db/pool.ts'
import type { Session } from '../db/session.ts'
import { type Clock, nextOf, PLAN_COLUMNS, type Plan, type PlanTerms } from './plan.ts'
import { planDueTimes, referenceOf } from './plan-due-times.ts'
import { nextDueTime } from './schedule.ts'

/** What became of a person's wish. */
export type PlanAnswer<T = object> =
  | ({ readonly is: 'done'; readonly plan: Plan } & T)
  | { readonly is: 'refused'; readonly because: string }

/** Who leads a plan, why, and by which clock. */
export interface Lead {
  readonly by: string
  readonly note: string | null
  readonly clock: Clock
}

const refused = (because: string) => ({ is: 'refused', because }) as const

const INSERT_PLAN = {
  name: 'insert_plan',
  text: `
    INSERT INTO plans AS p (name, partner, source, schedule, time_zone, starts_at, ends_at, max_count, missed,
      max_age_minutes, overlap, deadline_minutes, batch_id, state, reason, actor, note, next_due_at, created_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'active', 'added', $14, $15, $16, $17)
    ON CONFLICT (name) WHERE state IN ('active', 'paused') DO NOTHING
    RETURNING ${PLAN_COLUMNS}`,
}

/** Adds a plan. It is never due before it was added. */
export async function addPlan(runner: StatementRunner, terms: PlanTerms, lead: Lead): Promise<PlanAnswer> {
  const now = await lead.clock(runner)
  const startsAt = terms.startsAt ?? now
  const next = nextDueTime(terms.schedule, { ...terms, startsAt, countLeft: terms.maxCount }, now)
  if (next === null)
    return refused('it would never be due: its schedule has no time between its start and its end')
  const [plan] = await runner.run<Plan>(INSERT_PLAN, [
    ...[
      terms.name,
      terms.partner,
      JSON.stringify(terms.source),
      JSON.stringify(terms.schedule),
      terms.timeZone,
    ],
    ...[startsAt, terms.endsAt, terms.maxCount, terms.missed, terms.maxAgeMinutes, terms.overlap],
    ...[terms.deadlineMinutes, terms.source.is === 'batch' ? terms.source.batch_id : null],
    ...[`person:${lead.by}`, lead.note, next, lead.by],
  ])
  return plan === undefined
    ? refused(`there is a plan ${terms.name} already: give this one another name, or remove that one`)
    : { is: 'done', plan }
}

const LOCK_PLAN = {
  name: 'lock_plan_for_person',
  text: `SELECT ${PLAN_COLUMNS} FROM plans p WHERE p.id = $1 FOR UPDATE`,
}

/** Holds the plan against schedulers, and leads it as it then is. */
async function leading<T extends object>(
  session: Session,
  planId: number,
  lead: (plan: Plan) => Promise<PlanAnswer<T>>,
): Promise<PlanAnswer<T>> {
  return await session.transaction(async () => {
    const [plan] = await session.run<Plan>(LOCK_PLAN, [planId])
    return plan === undefined ? refused(`there is no plan ${planId}`) : await lead(plan)
  })
}

const PAUSE_PLAN = {
  name: 'pause_plan',
  text: `
    UPDATE plans p SET state = 'paused', reason = 'paused_by_person', actor = $2, note = $3, paused_at = $4
    WHERE p.id = $1 RETURNING ${PLAN_COLUMNS}`,
}

/** Pauses an active plan: it has no due times until it is resumed, and starts none that it had. */
export async function pausePlan(session: Session, planId: number, lead: Lead): Promise<PlanAnswer> {
  return await leading(session, planId, async (plan) => {
    if (plan.state !== 'active')
      return refused(`plan ${plan.name} is ${plan.state}: only an active plan is paused`)
    return done(
      await session.run<Plan>(PAUSE_PLAN, [
        planId,
        `person:${lead.by}`,
        lead.note,
        await lead.clock(session),
      ]),
    )
  })
}

const RESUME_PLAN = {
  name: 'resume_plan',
  text: `
    UPDATE plans p SET state = 'active', reason = 'resumed_by_person', actor = $2, note = $3, paused_at = NULL, next_due_at = $4
    WHERE p.id = $1 RETURNING ${PLAN_COLUMNS}`,
}

/** Resumes a paused plan with its first due time from now on. */
export async function resumePlan(session: Session, planId: number, lead: Lead): Promise<PlanAnswer> {
  // What was due before the pause gets its runs first, when no scheduler has written them.
  while ((await planDueTimes(session, { ...lead, actor: `person:${lead.by}`, planId })) > 0);
  return await leading(session, planId, async (plan) => {
    if (plan.state !== 'paused')
      return refused(`plan ${plan.name} is ${plan.state}: only a paused plan is resumed`)
    const next = nextOf(plan, plan.dueCount, await lead.clock(session))
    return done(await session.run<Plan>(RESUME_PLAN, [planId, `person:${lead.by}`, lead.note, next]))
  })
}

const SKIP_PLANNED = {
  name: 'skip_runs_of_removed_plan',
  text: `UPDATE plan_runs SET state = 'skipped', reason = 'plan_removed', actor = $2 WHERE plan_id = $1 AND state = 'planned'`,
}

const REMOVE_PLAN = {
  name: 'remove_plan',
  text: `
    UPDATE plans p SET state = 'removed', reason = 'removed_by_person', actor = $2, note = $3
    WHERE p.id = $1 RETURNING ${PLAN_COLUMNS}`,
}

/** Removes a plan for good. Its history stays, its personal data go; orders that were started are not touched. */
export async function removePlan(session: Session, planId: number, lead: Lead): Promise<PlanAnswer> {
  return await leading(session, planId, async (plan) => {
    if (plan.state !== 'active' && plan.state !== 'paused')
      return refused(`plan ${plan.name} is ${plan.state}: nothing of it runs any more`)
    const actor = `person:${lead.by}`
    await session.run(SKIP_PLANNED, [planId, actor])
    return done(await session.run<Plan>(REMOVE_PLAN, [planId, actor, lead.note]))
  })
}

const INSERT_ASKED_RUN = {
  name: 'insert_asked_run',
  text: `
    INSERT INTO plan_runs (plan_id, due_at, reference, state, reason, actor)
    VALUES ($1, $2, $3, 'planned', 'asked_by_person', $4) ON CONFLICT (plan_id, due_at) DO NOTHING RETURNING due_at`,
}

/** Makes an active plan due now, beside its schedule. Starting the run is a scheduler's work, or the caller's. */
export async function runPlanNow(
  session: Session,
  planId: number,
  lead: Lead,
): Promise<PlanAnswer<{ readonly dueAt: Date }>> {
  return await leading(session, planId, async (plan) => {
    if (plan.state !== 'active')
      return refused(`plan ${plan.name} is ${plan.state}: only an active plan runs`)
    const dueAt = await lead.clock(session)
    const values = [planId, dueAt, referenceOf(plan, dueAt), `person:${lead.by}`]
    const rows = await session.run(INSERT_ASKED_RUN, values)
    return rows.length === 0
      ? refused('it is due at this very moment: it runs anyway')
      : { is: 'done', plan, dueAt }
  })
}

function done([plan]: readonly Plan[]): PlanAnswer {
  if (plan === undefined) throw new Error('a locked plan vanished')
  return { is: 'done', plan }
}
