import { differingKeys } from '../orders/differences.ts'
import { FINAL_PLAN_STATES } from './lifecycle.ts'
import type { Plan, PlanTerms } from './plan.ts'
import type { PlanSource } from './source.ts'

/**
 * The requested fields that differ from the plan of the same name. Names them, never their values. Erased fields of a plan
 * that is over cannot be compared, and it has no more runs.
 */
export function differingTerms(plan: Plan, terms: PlanTerms): string[] {
  const isOver = FINAL_PLAN_STATES.some((state) => state === plan.state)
  const fields = {
    schedule: differingKeys(plan.schedule, terms.schedule).length > 0,
    time_zone: plan.timeZone !== terms.timeZone,
    // A start before the plan was added is the same as none.
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

function differingSource(stored: PlanSource, requested: PlanSource, isOver: boolean): string[] {
  if (stored.is === 'order' && requested.is === 'order') {
    const ours = { kind: stored.kind, phone_number: stored.phone_number, ...stored.content }
    const theirs = { kind: requested.kind, phone_number: requested.phone_number, ...requested.content }
    return differingKeys(ours, theirs)
      .filter((field) => !isOver || !/^(ktp|address)(\.|$)/.test(field))
      .map((field) => `order.${field}`)
  }
  if (stored.is === 'batch' && requested.is === 'batch') return differingKeys(stored, requested)
  return ['order', 'batch_id']
}
