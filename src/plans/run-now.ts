import type { Transactor } from '../postgres/pool.ts'
import {
  actorOf,
  type CommandContext,
  type PlanAnswer,
  refused,
  withLockedPlan,
  wrongState,
} from './commands.ts'
import { referenceOf } from './plan-due-times.ts'

/** How far from now a due time that somebody names may be: clocks differ, and requests are repeated. */
export const NOW_WITHIN_MS = 5 * 60_000

const FIND_RUN = {
  name: 'find_plan_run',
  text: 'SELECT due_at FROM plan_runs WHERE plan_id = $1 AND due_at = $2',
}

const INSERT_ASKED_RUN = {
  name: 'insert_asked_run',
  text: `
    INSERT INTO plan_runs (plan_id, due_at, reference, state, reason, actor)
    VALUES ($1, $2, $3, 'planned', $5, $4) ON CONFLICT (plan_id, due_at) DO NOTHING RETURNING due_at`,
}

/**
 * Makes an active plan due now, beside its schedule. Starting the run is a scheduler's work, or the caller's.
 * @param named the due time, by which a wish that is repeated is one wish for ever; null: the present moment
 */
export async function runPlanNow(
  database: Transactor,
  planId: number,
  lead: CommandContext,
  named: Date | null = null,
): Promise<PlanAnswer<{ readonly dueAt: Date }>> {
  return await withLockedPlan(database, { planId, who: lead.who }, async (plan, runner) => {
    if (named !== null && (await runner.run(FIND_RUN, [planId, named])).length > 0)
      return { is: 'done', plan, dueAt: named }
    if (plan.state !== 'active') return wrongState(plan, 'only an active plan runs')
    const now = await lead.clock(runner)
    if (named !== null && Math.abs(named.getTime() - now.getTime()) > NOW_WITHIN_MS)
      return refused('not_now', 'a due time that is named must be now, give or take five minutes')
    const dueAt = named ?? now
    const values = [planId, dueAt, referenceOf(plan, dueAt), actorOf(lead), `asked_by_${lead.who}`]
    const rows = await runner.run(INSERT_ASKED_RUN, values)
    return rows.length === 0
      ? refused('wrong_state', 'it is due at this very moment: it runs anyway')
      : { is: 'done', plan, dueAt }
  })
}
