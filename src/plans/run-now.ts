import { and, eq } from 'drizzle-orm'
import type { Transactor } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import {
  actorOf,
  type CommandContext,
  type PlanAnswer,
  refused,
  withLockedPlan,
  wrongState,
} from './commands.ts'
import { referenceOf } from './plan-due-times.ts'
import { planRuns } from './schema.ts'

/** How far from now a named due time may be: clocks differ, and requests are repeated. */
export const NOW_WITHIN_MS = 5 * 60_000

const findRun = statement(
  'find_plan_run',
  { planId: planRuns.planId, dueAt: planRuns.dueAt },
  (db, { planId, dueAt }) =>
    db
      .select({ dueAt: planRuns.dueAt })
      .from(planRuns)
      .where(and(eq(planRuns.planId, planId), eq(planRuns.dueAt, dueAt))),
)

const insertRun = statement(
  'insert_asked_run',
  {
    planId: planRuns.planId,
    dueAt: planRuns.dueAt,
    reference: planRuns.reference,
    reason: planRuns.reason,
    actor: planRuns.actor,
  },
  (db, run) =>
    db
      .insert(planRuns)
      .values({ ...run, state: 'planned' })
      .onConflictDoNothing({ target: [planRuns.planId, planRuns.dueAt] })
      .returning({ dueAt: planRuns.dueAt }),
)

/**
 * Makes an active plan due now, beside its schedule. A scheduler, or the caller, starts the run.
 * @param named the due time, which makes a repeated request the same run; null: the present moment
 */
export async function runPlanNow(
  database: Transactor,
  planId: number,
  command: CommandContext,
  named: Date | null = null,
): Promise<PlanAnswer<{ readonly dueAt: Date }>> {
  return await withLockedPlan(database, { planId, who: command.who }, async (plan, runner) => {
    if (named !== null && (await findRun(runner, { planId, dueAt: named })).length > 0)
      return { is: 'done', plan, dueAt: named }
    if (plan.state !== 'active') return wrongState(plan, 'only an active plan runs')
    const now = await command.clock(runner)
    if (named !== null && Math.abs(named.getTime() - now.getTime()) > NOW_WITHIN_MS)
      return refused('not_now', 'a named due time must be now, give or take five minutes')
    const dueAt = named ?? now
    const inserted = await insertRun(runner, {
      planId,
      dueAt,
      reference: referenceOf(plan, dueAt),
      reason: `asked_by_${command.who}`,
      actor: actorOf(command),
    })
    return inserted.length === 0
      ? refused('wrong_state', 'it is due at this very moment: it runs anyway')
      : { is: 'done', plan, dueAt }
  })
}
