import { shownText } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { maskPhoneNumbersIn } from '../../core/masking.ts'
import { type Coming, comingOf, type PlanDays } from '../coming.ts'
import { SKIP_REASONS } from '../lifecycle.ts'
import { describeMove } from '../moved.ts'
import { describeSource, shownSource } from '../order-source.ts'
import type { Plan } from '../plan.ts'
import type { PlanEvent, PlanSummary, RunStory } from '../queries.ts'
import { describeSchedule } from '../schedule.ts'
import { formatSpan } from '../terms.ts'
import { shownDueTime } from './plan-options.ts'

/** A plan as JSON, with its next due times. Phone numbers are masked; KTP numbers and addresses are left out. */
export function planAsJson(
  plan: Plan | PlanSummary,
  dueTimes: number,
  days: PlanDays,
  more: object = {},
): string {
  const all = comingOf(plan, dueTimes, days)
  const nextDueTimes = all.filter(({ skip }) => skip === null).map(({ at }) => at)
  const coming = all.map(({ at, move, skip }) => ({
    at,
    movedFrom: move,
    skipped: skip === null ? null : { by: skip.skippedBy, reason: maskPhoneNumbersIn(skip.reason) },
  }))
  return JSON.stringify({ ...plan, source: shownSource(plan.source), nextDueTimes, coming, ...more })
}

/** What operators call a plan: a partner's is named with it. */
export function nameOf({ owner, name }: Pick<Plan, 'owner' | 'name'>): string {
  return owner === null ? name : `${owner}/${name}`
}

/** A plan as a person reads it. */
export function printPlan(plan: Plan, dueTimes: number, days: PlanDays): string {
  const { planId, partner, state, timeZone, startsAt, endsAt, maxCount } = plan
  const bounds = [
    // A plan without a start of its own starts when it was added, by another look at the clock.
    ...(startsAt.getTime() - plan.createdAt.getTime() < 60_000 ? [] : [`from ${shownDueTime(startsAt)}`]),
    ...(endsAt === null ? [] : [`until ${shownDueTime(endsAt)}`]),
    ...(maxCount === null ? [] : [`${maxCount} times`]),
  ]
  const deadline = plan.source.is === 'batch' ? '' : `; deadline ${formatSpan(plan.deadlineMinutes ?? 15)}`
  return [
    `plan ${planId} ${nameOf(plan)}, ${state}`,
    `  ${plan.source.is === 'order' ? `order     ${partner}: ` : 'batch     '}${describeSource(plan.source)}`,
    `  due       ${describeSchedule(plan.schedule)}, ${timeZone}`,
    `  bounds    ${bounds.join(', ') || 'none: until it is removed'}`,
    `  missed    ${plan.missed} within ${formatSpan(plan.maxAgeMinutes)}; overlap ${plan.overlap}${deadline}`,
    ...printNext(plan, comingOf(plan, dueTimes, days)),
  ].join('\n')
}

function printNext(plan: Plan, coming: readonly Coming[]): string[] {
  if (plan.state !== 'active') return [`  next      never while it is ${plan.state}`]
  if (coming.length === 0) return ['  next      no due time is left']
  return coming.map((each, position) => `  ${position === 0 ? 'next ' : '     '}     ${printComing(each)}`)
}

/** A coming due time, from where it was moved, and who skipped it. */
function printComing({ at, move, skip }: Coming): string {
  const words = [
    ...(move === null ? [] : [describeMove(move)]),
    ...(skip === null ? [] : [`skipped by ${skip.skippedBy}: ${shownText(skip.reason)}`]),
  ]
  return [shownDueTime(at), ...words].join(', ')
}

/** The changes of a plan's state, a line each. */
export function printEvents(events: readonly PlanEvent[]): string[] {
  return events.map(({ at, fromState, toState, reason, actor, note }) => {
    const move = fromState === null ? toState : `${fromState} → ${toState}`
    return `${shownTime(at)}  ${move}: ${reason}, by ${actor}${note === null ? '' : `: ${note}`}`
  })
}

/** Due times and their outcomes. */
export function runTable(runs: readonly RunStory[]): string {
  const rows = runs.map((run) => [
    shownDueTime(run.dueAt),
    run.state,
    reasonOf(run),
    run.batchState ?? (run.orderState === null ? '' : `${run.orderState} (${run.orderReason})`),
    run.batchId === null ? (run.orderId ?? '') : `batch ${run.batchId}`,
  ])
  return table(['due', 'state', 'reason', 'outcome', 'order or batch'], rows)
}

const reasonOf = ({ reason, breach }: RunStory) => (breach === null ? reason : `${reason} (${breach})`)

/** The result of a run that was started by hand. */
export function printRun(partner: string | null, run: RunStory): string {
  switch (run.state) {
    case 'planned':
      return 'planned: a scheduler starts it, after the run before it where that is under way'
    case 'skipped':
      return `skipped: ${SKIP_REASONS[run.reason as keyof typeof SKIP_REASONS] ?? run.reason}${run.breach === null ? '' : ` (${run.breach})`}`
    case 'started':
    case 'finished':
      if (run.batchId !== null)
        return `started: batch ${run.batchId}; see \`goldpro batch show ${run.batchId}\``
      return `started: order ${run.orderId}; see \`goldpro orders show ${partner}/${run.reference}\``
  }
}
