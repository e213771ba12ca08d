import { and, asc, eq, lte, sql } from 'drizzle-orm'
import { wallClockOf } from '../core/time-zone.ts'
import type { HolidayCalendar } from '../holidays/calendar.ts'
import { readHolidayCalendar } from '../holidays/store.ts'
import type { Clock } from '../postgres/clock.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { columnName, nullable, rows, statement } from '../postgres/statement.ts'
import type { Due } from './calendar.ts'
import { nextAfter, type Plan, pendingDue, planColumns } from './plan.ts'
import { replanByHolidays } from './replan.ts'
import { planRuns, plans } from './schema.ts'

/** Bounds of one statement: a backlog takes several rounds. */
const PLANS_AT_ONCE = 500
const DUE_TIMES_AT_ONCE = 500
const ROUNDS = 40

const isAlive = sql`${plans.state} in ('active', 'paused')`

// A paused plan has no due times after its pause; those before it still get their runs.
const findDuePlans = statement(
  'find_due_plans',
  { now: plans.nextDueAt, planId: nullable(plans.id) },
  (db, { now, planId }) =>
    db
      .select(planColumns)
      .from(plans)
      .where(
        and(
          isAlive,
          lte(plans.nextDueAt, now),
          sql`${plans.nextDueAt} <= coalesce(${plans.pausedAt}, 'infinity')`,
          sql`(${planId} is null or ${plans.id} = ${planId})`,
        ),
      )
      .orderBy(asc(plans.nextDueAt), asc(plans.id))
      .limit(PLANS_AT_ONCE),
)

// Whoever moves next_due_at writes the runs, in one statement, unless holidays or a change of the plan have moved its days since
// it was read. SKIP LOCKED: another scheduler is doing it, or holds the plan.
const insertRuns = statement(
  'plan_runs',
  {
    moves: rows({
      planId: plans.id,
      wasDueAt: plans.nextDueAt,
      nextDueAt: nullable(plans.nextDueAt),
      nextDay: nullable(plans.nextDay),
      calendar: plans.calendar,
      untilDay: nullable(plans.untilDay),
      dueCount: plans.dueCount,
    }),
    due: rows({
      planId: planRuns.planId,
      dueAt: planRuns.dueAt,
      day: planRuns.day,
      reference: planRuns.reference,
    }),
    actor: planRuns.actor,
  },
  (db, { moves, due, actor }) => {
    const found = db.$with('found').as(
      db
        .select({
          id: plans.id,
          nextDueAt: moves.nextDueAt,
          nextDay: moves.nextDay,
          dueCount: moves.dueCount,
        })
        .from(moves)
        .innerJoin(
          plans,
          and(
            eq(plans.id, moves.planId),
            eq(plans.nextDueAt, moves.wasDueAt),
            eq(plans.calendar, moves.calendar),
            sql`${plans.untilDay} is not distinct from ${moves.untilDay}`,
            isAlive,
          ),
        )
        .orderBy(asc(plans.id))
        .for('update', { of: plans, skipLocked: true }),
    )
    const moved = db.$with('moved').as(
      db
        .update(plans)
        .set({
          nextDueAt: sql`${found.nextDueAt}`,
          nextDay: sql`${found.nextDay}`,
          dueCount: sql`${found.dueCount}`,
        })
        .from(found)
        .where(eq(plans.id, found.id))
        .returning({ id: sql<number>`${plans.id}`.as('moved_id') }),
    )
    const { planId, dueAt, day, reference, state, reason, actor: by } = planRuns
    const columns = sql.join([planId, dueAt, day, reference, state, reason, by].map(columnName), sql`, `)
    const key = sql.join([planId, dueAt].map(columnName), sql`, `)
    const written = db.$with('written', { planId: sql<number>`written_plan_id`.as('written_plan_id') }).as(
      sql`insert into ${planRuns} (${columns})
        select ${moved.id}, ${due.dueAt}, ${due.day}, ${due.reference}, 'planned', 'due', ${actor}
        from ${moved} inner join ${due} on ${due.planId} = ${moved.id}
        on conflict (${key}) do nothing returning ${columnName(planId)} as written_plan_id`,
    )
    return db.with(found, moved, written).select().from(written)
  },
)

/**
 * Writes a run for each due time that has come. A due time has one run, however often and by however many schedulers this
 * is called, and whatever the clock does.
 * @param planId only of this plan; null: of all
 * @returns how many it wrote
 */
export async function planDueTimes(
  runner: StatementRunner,
  request: { readonly clock: Clock; readonly actor: string; readonly planId: number | null },
): Promise<number> {
  let written = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const now = await request.clock(runner)
    const holidays = await readHolidayCalendar(runner)
    await replanByHolidays(runner, { holidays, now, planId: request.planId })
    const found = await findDuePlans(runner, { now, planId: request.planId })
    // A plan that somebody holds may still know older holidays, and a newer plan newer ones: the next tick comes to them.
    const duePlans = found.filter(({ calendar }) => calendar === holidays.version)
    if (duePlans.length === 0) break
    const moves = duePlans.map((plan) => moveOf(plan, now, holidays))
    const due = moves.flatMap((move) => move.due)
    const runs = await insertRuns(runner, { moves, due, actor: request.actor })
    // Other schedulers hold these plans, and do the same.
    if (runs.length === 0) break
    written += runs.length
  }
  return written
}

/** A plan's due times up to now, and the next one after them. */
function moveOf(plan: Plan, now: Date, holidays: HolidayCalendar) {
  const until = plan.pausedAt !== null && plan.pausedAt < now ? plan.pausedAt : now
  const due: Due[] = []
  let next = pendingDue(plan, holidays, now)
  while (next !== null && next.at <= until && due.length < DUE_TIMES_AT_ONCE) {
    due.push(next)
    next = nextAfter(plan, plan.dueCount + due.length, next, holidays)
  }
  const { planId, calendar, untilDay, nextDueAt: wasDueAt } = plan
  return {
    ...{ planId, wasDueAt, calendar, untilDay },
    nextDueAt: next?.at ?? null,
    nextDay: next?.day ?? null,
    dueCount: plan.dueCount + due.length,
    due: due.map(({ at, day }) => ({ planId, dueAt: at, day, reference: referenceOf(plan, at) })),
  }
}

/**
 * The reference of a run's order: `plan-12-2026-02-25T09:00+07:00`, of a partner's plan `plan-savings-2026-02-25T09:00+07:00`.
 * A partner's name for a plan is never reused and contains a letter, so it cannot collide with a plan's number.
 */
export function referenceOf(
  { planId, name, owner, timeZone }: Pick<Plan, 'planId' | 'name' | 'owner' | 'timeZone'>,
  dueAt: Date,
): string {
  return `plan-${owner === null ? planId : name}-${wallClockOf(timeZone).format(dueAt)}`
}
