import { countOpenRequests } from '../../approvals/queries.ts'
import { listBatches } from '../../batches/queries.ts'
import { dayOf } from '../../core/business-days.ts'
import { html, type Markup } from '../../core/html.ts'
import { readHourlyActivity } from '../../orders/queries/hourly-activity.ts'
import { measureOrders } from '../../orders/queries/order-figures.ts'
import { type DoubtRow, listDoubts } from '../../reconciliation/doubt-queries.ts'
import { STAY_REASONS } from '../../reconciliation/enums.ts'
import { listProposals } from '../../reconciliation/proposal-queries.ts'
import { readBreakFigures, readDoubtFigures } from '../../reconciliation/report/read-at-risk.ts'
import { listStatements } from '../../reconciliation/statements/read-statements.ts'
import { listEndpoints } from '../../webhooks/endpoints.ts'
import { hourChart } from '../html/charts.ts'
import {
  countOf,
  EMPTY,
  empty,
  gramsOf,
  link,
  rupiahOf,
  section,
  spanOf,
  table,
  timeTag,
} from '../html/parts.ts'
import { type Answer, type Call, page } from '../route.ts'
import { type Texts, wordOf } from '../texts/texts.ts'

const MOST_SHOWN = 20

/** The page that a finance lead opens in the morning. */
export async function todayPage(call: Call): Promise<Answer> {
  const { texts } = call
  return page({
    title: texts('nav.today'),
    isLive: true,
    main: html`${await headlines(call)}${await doubts(call)}${await charts(call)}${await statements(call)}`,
  })
}

/** One figure that leads to its list. */
interface Headline {
  readonly title: string
  readonly figure: string
  readonly details: readonly string[]
  readonly href: string
  readonly needsAttention: boolean
}

function headline({ title, figure, details, href, needsAttention }: Headline): Markup {
  return html`<li class="${needsAttention ? 'calls' : 'calm'}"><a href="${href}"><span>${title}</span><b>${needsAttention ? html`<span aria-hidden="true">! </span>` : EMPTY}${figure}</b>${details.map((each) => html`<span>${each}</span>`)}</a></li>`
}

async function headlines(call: Call): Promise<Markup> {
  const all = [await doubtHeadline(call), await breakHeadline(call), await approvalHeadline(call)]
  const others = [await orderHeadline(call), await batchHeadline(call), await endpointHeadline(call)]
  return html`<ul class="headlines">${[...all, ...others].map(headline)}</ul>`
}

async function doubtHeadline({ database, texts }: Call): Promise<Headline> {
  const { all } = await readDoubtFigures(database)
  const grams = all.gramsAtRisk === '0.0000' ? [] : [gramsOf(all.gramsAtRisk)]
  return {
    title: texts('today.in_doubt'),
    figure: rupiahOf(all.rupiahAtRisk),
    details: [...grams, texts('today.orders', { n: countOf(all.count) })],
    href: '/orders?state=in_doubt',
    needsAttention: all.count > 0,
  }
}

async function breakHeadline({ database, texts }: Call): Promise<Headline> {
  const { all } = await readBreakFigures(database)
  const risk = { rupiah: rupiahOf(all.rupiahAtRisk), grams: gramsOf(all.gramsAtRisk) }
  return {
    title: texts('today.breaks'),
    figure: countOf(all.count),
    details: [texts('today.overdue', { n: countOf(all.overdue) }), texts('today.at_risk', risk)],
    href: all.overdue > 0 ? '/breaks?overdue=yes' : '/breaks',
    needsAttention: all.overdue > 0,
  }
}

const MOST_COUNTED = 500

async function approvalHeadline({ database, texts, operator, may }: Call): Promise<Headline> {
  const proposals = await listProposals(database, true, MOST_COUNTED)
  const [changes] = await countOpenRequests(database, { by: operator.name })
  const others = proposals.filter(({ proposedBy }) => proposedBy !== operator.name).length
  const mine = may('checker') ? others + (changes?.byOthers ?? 0) : 0
  return {
    title: texts('today.approvals'),
    figure: countOf(proposals.length + (changes?.all ?? 0)),
    details: [texts('today.for_me', { n: countOf(mine) })],
    href: '/approvals',
    needsAttention: mine > 0,
  }
}

async function orderHeadline({ database, texts }: Call): Promise<Headline> {
  const { orders } = await measureOrders(database)
  const count = (...states: readonly string[]) =>
    orders.filter(({ state }) => states.includes(state)).reduce((sum, row) => sum + row.count, 0)
  const held = count('held')
  return {
    title: texts('today.open_orders'),
    figure: countOf(count('accepted', 'confirming')),
    details: [texts('today.held', { n: countOf(held) })],
    href: held > 0 ? '/orders?state=held' : '/orders?state=accepted',
    needsAttention: held > 0,
  }
}

async function batchHeadline({ database, texts }: Call): Promise<Headline> {
  const batches = await listBatches(database, MOST_COUNTED, false, 0)
  const running = batches.filter(({ state }) => state === 'running')
  const left = running.reduce((sum, { rows, fed }) => sum + rows - fed, 0)
  return {
    title: texts('today.batches'),
    figure: countOf(running.length),
    details: [texts('today.rows_left', { n: countOf(left) })],
    href: '/batches',
    needsAttention: batches.some(({ state }) => state === 'paused'),
  }
}

async function endpointHeadline({ database, texts }: Call): Promise<Headline> {
  const endpoints = await listEndpoints(database, { partner: null, removedToo: false })
  const bad = endpoints.filter(
    ({ failingSince, state, pausedBecause }) =>
      failingSince !== null || (state === 'paused' && pausedBecause !== 'person'),
  )
  return {
    title: texts('today.endpoints'),
    figure: countOf(bad.length),
    details: [texts('today.endpoints.of', { n: countOf(endpoints.length) })],
    href: bad.length > 0 ? `/partners/${bad[0]?.partner}` : '/partners',
    needsAttention: bad.length > 0,
  }
}

async function doubts({ database, texts }: Call): Promise<Markup> {
  const rows = await listDoubts(database, MOST_SHOWN)
  const columns = [
    { heading: texts('col.order') },
    { heading: texts('col.kind') },
    { heading: texts('col.rupiah'), isNumber: true },
    { heading: texts('col.grams'), isNumber: true },
    { heading: texts('col.age'), isNumber: true },
    { heading: texts('col.settles') },
    { heading: texts('col.proposed_by') },
  ]
  const list =
    rows.length === 0
      ? empty(texts('today.no_doubts'))
      : table(
          texts('today.doubts'),
          columns,
          rows.map((row) => doubtCells(row, texts)),
        )
  return section(texts('today.doubts'), list, 'doubts')
}

function doubtCells(row: DoubtRow, texts: Texts): (Markup | string)[] {
  const { orderId, partner, reference, kind, rupiahAtRisk, gramsAtRisk, intentAt, staysBecause } = row
  return [
    link(`/orders/${orderId}`, `${partner}/${reference}`),
    wordOf(texts, 'kind', kind),
    rupiahOf(rupiahAtRisk),
    gramsOf(gramsAtRisk),
    spanOf(Date.now() - intentAt.getTime(), texts),
    staysBecause === null ? texts('today.not_run') : STAY_REASONS[staysBecause],
    row.proposedBy ?? '',
  ]
}

async function charts({ database, texts }: Call): Promise<Markup> {
  const hours = await readHourlyActivity(database, Date.now())
  const times = hours.map(({ hour }) => hour)
  const of = (label: string, pick: (hour: (typeof hours)[number]) => number | null) => ({
    label,
    values: hours.map(pick),
  })
  const ordersByHour = [
    of(texts('today.ended'), (hour) => hour.succeeded),
    of(texts('today.failed'), (hour) => hour.failed),
    of(texts('today.open'), (hour) => hour.open),
  ]
  const attemptsByHour = [
    of(texts('today.doubts.short'), (hour) => hour.doubts),
    of(texts('today.requotes'), (hour) => hour.requotes),
  ]
  const timesByHour = [of('p50', (hour) => hour.p50), of('p99', (hour) => hour.p99)]
  return html`<div class="charts">${hourChart(texts('today.chart.orders'), times, ordersByHour, texts)}
${hourChart(texts('today.chart.attempts'), times, attemptsByHour, texts)}
${hourChart(texts('today.chart.times'), times, timesByHour, texts)}</div>`
}

async function statements({ database, texts }: Call): Promise<Markup> {
  const all = await listStatements(database, false)
  if (all.length === 0) return section(texts('today.statements'), empty(texts('today.no_statements')))
  const until = new Date(Math.max(...all.map(({ periodTo }) => periodTo.getTime())))
  const isBehind = Date.now() - until.getTime() > 2 * 86_400_000
  const gap = isBehind ? html`<p class="calls">! ${texts('today.gap', { day: dayOf(until) })}</p>` : EMPTY
  const rows = all
    .slice(0, 5)
    .map((each) => [
      link(`/reconciliation/statements/${each.statementId}`, `${each.statementId}`),
      each.source,
      html`${timeTag(each.periodFrom, texts)} – ${timeTag(each.periodTo, texts)}`,
      countOf(each.lineCount),
      each.complete && each.approved ? texts('yes') : texts('no'),
    ])
  const columns = [
    { heading: texts('col.number') },
    { heading: texts('col.source') },
    { heading: texts('col.period') },
    { heading: texts('col.lines'), isNumber: true },
    { heading: texts('col.complete') },
  ]
  return section(texts('today.statements'), html`${gap}${table(texts('today.statements'), columns, rows)}`)
}
