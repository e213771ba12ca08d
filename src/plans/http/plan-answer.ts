import { maskPhoneNumber } from '../../core/masking.ts'
import { requestOf } from '../../orders/http/order-answer.ts'
import type { StatementRunner } from '../../postgres/pool.ts'
import { comingOf, type PlanDays, readPlanDays } from '../coming.ts'
import type { Plan } from '../plan.ts'
import type { RunStory } from '../queries.ts'
import type { Schedule } from '../schedule.ts'
import { formatSpan } from '../terms.ts'
import type { PlanAnswer, RunAnswer } from './plan-schemas.ts'

const DUE_TIMES = 5

/** A plan in the API's format, with the days that decide when it is due. */
export async function readPlanAnswer(runner: StatementRunner, plan: Plan): Promise<PlanAnswer> {
  return planAnswerOf(plan, await readPlanDays(runner, [plan]))
}

/** A plan in the API's format: masked, and without a withdrawal's KTP number and address. */
export function planAnswerOf(plan: Plan, days: PlanDays): PlanAnswer {
  const { name, state, reason, missed, overlap, deadlineMinutes } = plan
  return {
    name,
    state,
    reason,
    ...sourceOf(plan.source),
    schedule: scheduleOf(plan.schedule),
    time_zone: plan.timeZone,
    starts_at: plan.startsAt.toISOString(),
    ends_at: plan.endsAt?.toISOString() ?? null,
    count: plan.maxCount,
    missed,
    max_age: formatSpan(plan.maxAgeMinutes),
    overlap,
    deadline: deadlineMinutes === null ? null : formatSpan(deadlineMinutes),
    next_due: comingOf(plan, DUE_TIMES, days)
      .filter(({ skip }) => skip === null)
      .map(({ at }) => at.toISOString()),
    created_at: plan.createdAt.toISOString(),
  }
}

function sourceOf(source: Plan['source']): Pick<PlanAnswer, 'order' | 'batch'> {
  if (source.is === 'order') {
    const { kind, phone_number, content } = source
    const order = { kind, phone_number: maskPhoneNumber(phone_number), request: requestOf(content) }
    return { order, batch: null }
  }
  const { is: _, ...batch } = source
  return { order: null, batch }
}

function scheduleOf(schedule: Schedule): PlanAnswer['schedule'] {
  if (schedule.is === 'cron') return { cron: schedule.pattern }
  const { day, weekend, at } = schedule
  return { monthly: { day, weekend, at } }
}

/** A due time in the API's format, with the order or batch it started. */
export function runAnswerOf(run: RunStory): RunAnswer {
  const { state, reason, breach, reference, orderId, orderState, orderReason, batchId, batchState } = run
  return {
    due_at: run.dueAt.toISOString(),
    state,
    reason,
    breach,
    order:
      orderId === null || orderState === null
        ? null
        : { id: orderId, reference, state: orderState, reason: orderReason ?? '' },
    batch: batchId === null ? null : { batch_id: batchId, state: batchState ?? '' },
    started_at: run.startedAt?.toISOString() ?? null,
    ended_at: run.endedAt?.toISOString() ?? null,
  }
}
