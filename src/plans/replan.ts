import { and, asc, eq, sql } from 'drizzle-orm'
import type { HolidayCalendar } from '../holidays/calendar.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { nullable, rows, statement } from '../postgres/statement.ts'
import { type Plan, pendingDue, planColumns } from './plan.ts'
import { plans } from './schema.ts'

const PLANS_AT_ONCE = 500

const isAlive = sql`${plans.state} in ('active', 'paused')`

const findOutdated = statement(
  'find_plans_of_older_calendar',
  { version: plans.calendar, planId: nullable(plans.id) },
  (db, { version, planId }) =>
    db
      .select(planColumns)
      .from(plans)
      .where(
        and(
          isAlive,
          sql`${plans.calendar} < ${version} and ${plans.nextDueAt} is not null`,
          sql`(${planId} is null or ${plans.id} = ${planId})`,
        ),
      )
      .orderBy(asc(plans.id))
      .limit(PLANS_AT_ONCE),
)

// A plan whose due time got its run in between keeps what that one wrote. SKIP LOCKED: the next tick comes back to it.
const setPending = statement(
  'replan_plans',
  {
    pending: rows({
      planId: plans.id,
      wasDueAt: plans.nextDueAt,
      wasCalendar: plans.calendar,
      nextDueAt: nullable(plans.nextDueAt),
      nextDay: nullable(plans.nextDay),
      calendar: plans.calendar,
    }),
  },
  (db, { pending }) => {
    const found = db.$with('found').as(
      db
        .select({
          id: plans.id,
          nextDueAt: pending.nextDueAt,
          nextDay: pending.nextDay,
          calendar: pending.calendar,
        })
        .from(pending)
        .innerJoin(
          plans,
          and(
            eq(plans.id, pending.planId),
            eq(plans.nextDueAt, pending.wasDueAt),
            eq(plans.calendar, pending.wasCalendar),
            isAlive,
          ),
        )
        .orderBy(asc(plans.id))
        .for('update', { of: plans, skipLocked: true }),
    )
    return db
      .with(found)
      .update(plans)
      .set({
        nextDueAt: sql`${found.nextDueAt}`,
        nextDay: sql`${found.nextDay}`,
        calendar: sql`${found.calendar}`,
      })
      .from(found)
      .where(eq(plans.id, found.id))
      .returning({ id: sql<number>`${plans.id}`.as('replanned_id') })
  },
)

/**
 * Computes the coming due times again of plans that know an older version of the holidays. What has a run is not looked at:
 * its day is over for the plan.
 */
export async function replanByHolidays(
  runner: StatementRunner,
  request: { readonly holidays: HolidayCalendar; readonly now: Date; readonly planId: number | null },
): Promise<void> {
  const { holidays, now, planId } = request
  for (;;) {
    const outdated = await findOutdated(runner, { version: holidays.version, planId })
    const pending = outdated.map((plan) => pendingOf(plan, holidays, now))
    const done = pending.length === 0 ? [] : await setPending(runner, { pending })
    if (done.length === 0 || outdated.length < PLANS_AT_ONCE) return
  }
}

function pendingOf(plan: Plan, holidays: HolidayCalendar, now: Date) {
  const due = pendingDue(plan, holidays, now)
  return {
    planId: plan.planId,
    wasDueAt: plan.nextDueAt,
    wasCalendar: plan.calendar,
    nextDueAt: due?.at ?? null,
    nextDay: due?.day ?? null,
    calendar: holidays.version,
  }
}
