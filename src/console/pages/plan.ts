import { html, type Markup } from '../../core/html.ts'
import { type Coming, comingOf, readPlanDays } from '../../plans/coming.ts'
import type { Move } from '../../plans/moved.ts'
import { describeSource } from '../../plans/order-source.ts'
import { findPlan, type PlanSummary, type RunStory, readPlanEvents, readRuns } from '../../plans/queries.ts'
import { describeSchedule } from '../../plans/schedule.ts'
import { dueInWords } from '../html/due-words.ts'
import { commandForm } from '../html/forms.ts'
import {
  badge,
  columnsOf,
  countOf,
  EMPTY,
  empty,
  facts,
  link,
  safeText,
  section,
  table,
  timeTag,
} from '../html/parts.ts'
import { ConsoleProblem } from '../http/problem-pages.ts'
import { type Answer, type Call, MAKES_SAFER, PROPOSES, page } from '../route.ts'
import { type Shown, seenOf } from '../stale.ts'
import { type Texts, wordOf } from '../texts/texts.ts'
import { dayForms, linksOf, skipsOf } from './plan-days.ts'
import { nameOf } from './plans.ts'

const NEXT = 5
const MOST_RUNS = 50
const MOST_MISSED = 20

/** The plan of a page. @throws ConsoleProblem when there is none */
export async function readPlanView({ database, params }: Call): Promise<PlanSummary> {
  const plan = /^\d{1,9}$/.test(params.id ?? '') ? await findPlan(database, params.id ?? '') : null
  if (plan === null) throw new ConsoleProblem('not_found')
  return plan
}

/** What of a plan a person saw: its state and its next due time. */
export const shownOfPlan = ({ state, reason, nextDueAt }: PlanSummary): Shown => ({
  state,
  reason,
  nextDueAt,
})

/** One plan: its next due times, what was missed and why, and what became of the last ones. */
export async function planPage(call: Call, problem?: string): Promise<Answer> {
  const { texts } = call
  const plan = await readPlanView(call)
  return page({
    title: nameOf(plan),
    isLive: problem === undefined,
    ...(problem === undefined ? {} : { problem, status: 409 }),
    main: html`${factsOf(plan, texts)}${await linksOf(call, plan)}${commands(call, plan)}${await next(call, plan)}${await skipsOf(call, plan)}${await missed(call, plan)}${await runs(call, plan)}${await history(call, plan)}`,
  })
}

function factsOf(plan: PlanSummary, texts: Texts): Markup {
  const counts = (['planned', 'started', 'finished', 'skipped'] as const).map(
    (state) => `${countOf(plan[state])} ${wordOf(texts, 'run', state)}`,
  )
  return facts([
    [
      texts('col.state'),
      html`${badge(plan.state, wordOf(texts, 'plan', plan.state))} ${wordOf(texts, 'reason', plan.reason)}`,
    ],
    [texts('plans.due'), `${describeSchedule(plan.schedule)}, ${plan.timeZone}`],
    [texts('col.what'), safeText(describeSource(plan.source))],
    [texts('col.partner'), safeText(plan.partner)],
    [
      texts('plans.missed_rule'),
      html`${wordOf(texts, 'missed', plan.missed)} · ${wordOf(texts, 'overlap', plan.overlap)}`,
    ],
    [texts('plans.runs'), counts.join(', ')],
    [texts('col.created'), html`${safeText(plan.createdBy)}, ${timeTag(plan.createdAt, texts)}`],
  ])
}

function commands(call: Call, plan: PlanSummary): Markup {
  const { texts } = call
  const moves = [
    { name: 'pause', from: 'active', roles: MAKES_SAFER },
    { name: 'resume', from: 'paused', roles: PROPOSES },
  ] as const
  const forms = moves
    .filter(({ from, roles }) => plan.state === from && call.may(...roles))
    .map(({ name }) =>
      commandForm({
        id: name,
        action: `/plans/${plan.planId}/${name}`,
        title: texts(`plans.${name}`),
        explains: texts(`plans.${name}.what`),
        seen: seenOf(shownOfPlan(plan)),
        note: texts('note'),
        button: texts(`plans.${name}`),
      }),
    )
  forms.push(...dayForms(call, plan, seenOf(shownOfPlan(plan))))
  return forms.length === 0 ? EMPTY : html`<div class="commands">${forms}</div>`
}

async function next({ database, texts }: Call, plan: PlanSummary): Promise<Markup> {
  const coming = comingOf(plan, NEXT, await readPlanDays(database, [plan]))
  const list =
    coming.length === 0
      ? empty(texts(plan.state === 'paused' ? 'plans.paused' : 'plans.no_next'))
      : html`<ol>${coming.map((each) => html`<li>${comingInWords(each, texts)}</li>`)}</ol>`
  return section(texts('plans.next'), list, 'next')
}

/** A coming due time, from where it was moved, and who skipped it. */
function comingInWords({ at, move, skip }: Coming, texts: Texts): Markup {
  const due = dueInWords(at, Date.now(), texts)
  const moved = move === null ? EMPTY : html` · ${movedInWords(move, texts)}`
  if (skip === null) return html`${due}${moved}`
  const skipped = html`<strong class="calls">${texts('plans.skipped')}</strong> ${safeText(skip.skippedBy)}: ${safeText(skip.reason)}`
  return html`${due}${moved} · ${skipped}`
}

const movedInWords = ({ day, holiday }: Move, texts: Texts): Markup =>
  html`${texts('plans.moved', { day })} (${holiday === null ? texts('plans.weekend') : safeText(holiday)})`

/** Why a due time started nothing, in words. */
const whyOf = ({ reason, breach }: RunStory, texts: Texts): string =>
  `${wordOf(texts, 'skip', reason)}${breach === null ? '' : ` (${wordOf(texts, 'breach', breach)})`}`

async function missed({ database, texts }: Call, plan: PlanSummary): Promise<Markup> {
  const skipped = await readRuns(database, plan.planId, { limit: MOST_MISSED, skip: 0, state: 'skipped' })
  const rows = skipped.map((run) => [timeTag(run.dueAt, texts), whyOf(run, texts)])
  const title = texts('plans.missed')
  const columns = columnsOf(texts, ['col.due', 'col.reason'])
  return section(
    title,
    rows.length === 0 ? empty(texts('plans.none_missed')) : table(title, columns, rows),
    'missed',
  )
}

async function runs({ database, texts }: Call, { planId }: PlanSummary): Promise<Markup> {
  const all = await readRuns(database, planId, { limit: MOST_RUNS, skip: 0 })
  const rows = all.map((run) => [
    timeTag(run.dueAt, texts),
    badge(run.state, wordOf(texts, 'run', run.state)),
    whyOf(run, texts),
    outcomeOf(run, texts),
  ])
  const title = texts('plans.runs')
  const columns = columnsOf(texts, ['col.due', 'col.state', 'col.reason', 'col.outcome'])
  return section(title, rows.length === 0 ? empty(texts('plans.no_runs')) : table(title, columns, rows))
}

function outcomeOf({ orderId, orderState, reference, batchId, batchState }: RunStory, texts: Texts): Markup {
  if (orderId !== null)
    return link(
      `/orders/${orderId}`,
      orderState === null ? safeText(reference) : wordOf(texts, 'state', orderState),
    )
  if (batchId === null) return EMPTY
  const state = batchState === null ? '' : `: ${wordOf(texts, 'batch', batchState)}`
  return link(`/batches/${batchId}`, `${texts('decision.batch')} ${batchId}${state}`)
}

async function history({ database, texts }: Call, { planId }: PlanSummary): Promise<Markup> {
  const rows = (await readPlanEvents(database, planId)).map(({ at, toState, reason, actor, note }) => [
    timeTag(at, texts),
    wordOf(texts, 'plan', toState),
    wordOf(texts, 'reason', reason),
    safeText(actor),
    safeText(note ?? ''),
  ])
  const title = texts('order.events')
  return section(
    title,
    table(title, columnsOf(texts, ['col.when', 'col.state', 'col.reason', 'col.who', 'col.note']), rows),
  )
}
