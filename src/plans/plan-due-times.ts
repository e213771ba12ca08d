import { wallClockOf } from '../core/time-zone.ts'
import type { Clock } from '../postgres/clock.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { nextOf, PLAN_COLUMNS, type Plan } from './plan.ts'

/** Rows one statement writes: a backlog takes several. */
const PLANS_AT_ONCE = 500
const DUE_TIMES_AT_ONCE = 500
const ROUNDS = 40

// A paused plan has no due times; those before the pause it still has.
const FIND_DUE_PLANS = {
  name: 'find_due_plans',
  text: `
    SELECT ${PLAN_COLUMNS} FROM plans p
    WHERE p.state IN ('active', 'paused') AND p.next_due_at <= $1 AND p.next_due_at <= coalesce(p.paused_at, 'infinity')
      AND ($2::int IS NULL OR p.id = $2)
    ORDER BY p.next_due_at, p.id LIMIT ${PLANS_AT_ONCE}`,
}

// Who moves next_due_at writes the runs, in one statement. SKIP LOCKED: somebody else is doing it, or holds the plan.
const PLAN_RUNS = {
  name: 'plan_runs',
  text: `
    WITH found AS (
      SELECT p.id, x.next_due_at, x.due_count, x.due
      FROM unnest($1::json[]) AS r (j),
        json_to_record(r.j) AS x (id int, was_due_at timestamptz, next_due_at timestamptz, due_count int, due json)
      JOIN plans p ON p.id = x.id AND p.next_due_at = x.was_due_at AND p.state IN ('active', 'paused')
      ORDER BY p.id FOR UPDATE OF p SKIP LOCKED
    ), moved AS (
      UPDATE plans p SET next_due_at = found.next_due_at, due_count = found.due_count
      FROM found WHERE p.id = found.id RETURNING p.id
    )
    INSERT INTO plan_runs (plan_id, due_at, reference, state, reason, actor)
    SELECT found.id, d.due_at, d.reference, 'planned', 'due', $2
    FROM found JOIN moved ON moved.id = found.id,
      json_to_recordset(found.due) AS d (due_at timestamptz, reference text)
    ON CONFLICT (plan_id, due_at) DO NOTHING
    RETURNING plan_id`,
}

/**
 * Writes a run for each due time that has come. However often, by however many, and whatever the clock does:
 * a due time has one run.
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
    const plans = await runner.run<Plan>(FIND_DUE_PLANS, [now, request.planId])
    if (plans.length === 0) break
    const rows = plans.map((plan) => JSON.stringify(rowOf(plan, now)))
    const runs = await runner.run(PLAN_RUNS, [rows, request.actor])
    // Others hold these plans, and do the same.
    if (runs.length === 0) break
    written += runs.length
  }
  return written
}

function rowOf(plan: Plan, now: Date) {
  const until = plan.pausedAt !== null && plan.pausedAt < now ? plan.pausedAt : now
  const due: Date[] = []
  let next = plan.nextDueAt
  while (next !== null && next <= until && due.length < DUE_TIMES_AT_ONCE) {
    due.push(next)
    next = nextOf(plan, plan.dueCount + due.length, next)
  }
  return {
    id: plan.planId,
    was_due_at: plan.nextDueAt,
    next_due_at: next,
    due_count: plan.dueCount + due.length,
    due: due.map((dueAt) => ({ due_at: dueAt, reference: referenceOf(plan, dueAt) })),
  }
}

/**
 * The reference of a run's order: `plan-12-2026-02-25T09:00+07:00`, of a partner's plan `plan-savings-2026-02-25T09:00+07:00`,
 * for plans are numbered over everybody. A name has a letter, and is for ever, so the two never meet.
 */
export function referenceOf(
  { planId, name, owner, timeZone }: Pick<Plan, 'planId' | 'name' | 'owner' | 'timeZone'>,
  dueAt: Date,
): string {
  return `plan-${owner === null ? planId : name}-${wallClockOf(timeZone).format(dueAt)}`
}
