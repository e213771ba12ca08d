import { html } from '../../core/html.ts'
import { describeSource } from '../../plans/order-source.ts'
import { nextDueTimes } from '../../plans/plan.ts'
import { findPlan, listPlans, type PlanSummary, readPlanEvents, readRuns } from '../../plans/queries.ts'
import { describeSchedule } from '../../plans/schedule.ts'
import { badge, EMPTY, empty, facts, joined, link, safeText, section, table, timeTag } from '../html/parts.ts'
import { ConsoleProblem } from '../http/problem-pages.ts'
import { type Answer, type Call, page } from '../route.ts'

const NEXT = 5
const MOST_RUNS = 50

const nameOf = ({ owner, name }: PlanSummary) => (owner === null ? name : `${owner}/${name}`)

/** Plans that are active or paused. */
export async function plansPage({ database, texts }: Call): Promise<Answer> {
  const plans = await listPlans(database, null)
  const columns = ['col.name', 'col.state', 'plans.due', 'col.next', 'col.what'] as const
  const rows = plans.map((plan) => [
    link(`/plans/${plan.planId}`, safeText(nameOf(plan))),
    badge(plan.state, plan.state),
    describeSchedule(plan.schedule),
    timeTag(plan.state === 'active' ? plan.nextDueAt : null, texts),
    safeText(describeSource(plan.source)),
  ])
  return page({
    title: texts('nav.plans'),
    main:
      plans.length === 0
        ? empty(texts('plans.none'))
        : table(
            texts('nav.plans'),
            columns.map((key) => ({ heading: texts(key) })),
            rows,
          ),
  })
}

/** One plan: its next due times, and what became of the last ones. */
export async function planPage({ database, params, texts }: Call): Promise<Answer> {
  const plan = /^\d{1,9}$/.test(params.id ?? '') ? await findPlan(database, params.id ?? '') : null
  if (plan === null) throw new ConsoleProblem('not_found')
  const runs = await readRuns(database, plan.planId, { limit: MOST_RUNS, skip: 0 })
  const events = await readPlanEvents(database, plan.planId)
  const next = plan.state === 'active' ? nextDueTimes(plan, NEXT) : []
  const runRows = runs.map((run) => [
    timeTag(run.dueAt, texts),
    badge(run.state, run.state),
    `${run.reason.replaceAll('_', ' ')}${run.breach === null ? '' : ` (${run.breach})`}`,
    run.orderId !== null
      ? link(`/orders/${run.orderId}`, run.orderState ?? run.reference)
      : run.batchId !== null
        ? link(`/batches/${run.batchId}`, `${texts('decision.batch')} ${run.batchId}`)
        : EMPTY,
  ])
  const columns = ['col.due', 'col.state', 'col.reason', 'col.outcome'] as const
  const eventRows = events.map(({ at, toState, reason, actor, note }) => [
    timeTag(at, texts),
    toState,
    reason.replaceAll('_', ' '),
    safeText(actor),
    safeText(note ?? ''),
  ])
  const eventColumns = ['col.when', 'col.state', 'col.reason', 'col.who', 'col.note'] as const
  return page({
    title: nameOf(plan),
    main: html`${facts([
      [texts('col.state'), badge(plan.state, plan.state)],
      [texts('plans.due'), `${describeSchedule(plan.schedule)}, ${plan.timeZone}`],
      [texts('col.what'), safeText(describeSource(plan.source))],
      [texts('col.next'), joined(next.map((moment) => html`${timeTag(moment, texts)}<br>`))],
    ])}${section(
      texts('plans.runs'),
      runRows.length === 0
        ? empty(texts('plans.no_runs'))
        : table(
            texts('plans.runs'),
            columns.map((key) => ({ heading: texts(key) })),
            runRows,
          ),
    )}
${section(
  texts('order.events'),
  table(
    texts('order.events'),
    eventColumns.map((key) => ({ heading: texts(key) })),
    eventRows,
  ),
)}`,
  })
}
