import { html } from '../../core/html.ts'
import { describeSource } from '../../plans/order-source.ts'
import { listPlans, type PlanSummary } from '../../plans/queries.ts'
import { describeSchedule } from '../../plans/schedule.ts'
import { badge, columnsOf, countOf, empty, link, safeText, table, timeTag } from '../html/parts.ts'
import { type Answer, type Call, page } from '../route.ts'
import { wordOf } from '../texts/texts.ts'
import { holidaysSection } from './plan-days.ts'

/** What operators call a plan: a partner's is named with it. */
export const nameOf = ({ owner, name }: PlanSummary) => (owner === null ? name : `${owner}/${name}`)

/** Plans that are active or paused. */
export async function plansPage(call: Call): Promise<Answer> {
  const { database, texts } = call
  const plans = await listPlans(database, null)
  const keys = ['col.name', 'col.state', 'plans.due', 'col.next', 'plans.missed', 'col.what'] as const
  const rows = plans.map((plan) => [
    link(`/plans/${plan.planId}`, safeText(nameOf(plan))),
    badge(plan.state, wordOf(texts, 'plan', plan.state)),
    describeSchedule(plan.schedule),
    timeTag(plan.state === 'active' ? plan.nextDueAt : null, texts),
    countOf(plan.skipped),
    safeText(describeSource(plan.source)),
  ])
  const title = texts('nav.plans')
  const list =
    plans.length === 0 ? empty(texts('plans.none')) : table(title, columnsOf(texts, keys, [4]), rows)
  const main = html`${list}${await holidaysSection(call)}`
  return page({ title, isLive: true, main })
}
