import { differingKeys } from '../orders/differences.ts'
import { FINAL_PLAN_STATES } from './lifecycle.ts'
import type { Plan, PlanTerms } from './plan.ts'
import type { PlanSource } from './source.ts'

/**
 * Which fields of what is asked for are not those of the plan that has its name, as they are asked for. Names them, never
 * their values. What was erased of a plan that is over cannot be compared, and nothing runs by it any more.
 */
export function differingTerms(plan: Plan, terms: PlanTerms): string[] {
  const isOver = FINAL_PLAN_STATES.some((state) => state === plan.state)
  const fields = {
    schedule: differingKeys(plan.schedule, terms.schedule).length > 0,
    time_zone: plan.timeZone !== terms.timeZone,
    // Whatever start lies before it was added is none.
    from:
      Math.max(Number(plan.startsAt), Number(plan.createdAt)) !==
      Math.max(Number(terms.startsAt), Number(plan.createdAt)),
    to: plan.endsAt?.getTime() !== terms.endsAt?.getTime(),
    count: plan.maxCount !== terms.maxCount,
    missed: plan.missed !== terms.missed,
    max_age: plan.maxAgeMinutes !== terms.maxAgeMinutes,
    overlap: plan.overlap !== terms.overlap,
    deadline: plan.deadlineMinutes !== terms.deadlineMinutes,
  }
  const differing = Object.entries(fields).flatMap(([field, isDifferent]) => (isDifferent ? [field] : []))
  return [...differingSource(plan.source, terms.source, isOver), ...differing]
}

function differingSource(kept: PlanSource, asked: PlanSource, isOver: boolean): string[] {
  if (kept.is === 'order' && asked.is === 'order') {
    const ours = { kind: kept.kind, phone_number: kept.phone_number, ...kept.content }
    const theirs = { kind: asked.kind, phone_number: asked.phone_number, ...asked.content }
    return differingKeys(ours, theirs)
      .filter((field) => !isOver || !/^(ktp|address)(\.|$)/.test(field))
      .map((field) => `order.${field}`)
  }
  if (kept.is === 'batch' && asked.is === 'batch') return differingKeys(kept, asked)
  return ['order', 'batch_id']
}
