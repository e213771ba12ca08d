import { html, type Markup } from '../../core/html.ts'
import { readHourlyActivity } from '../../orders/queries/hourly-activity.ts'
import { type DoubtRow, listDoubts } from '../../reconciliation/doubt-queries.ts'
import { listStatements } from '../../reconciliation/statements/read-statements.ts'
import { hourChart } from '../html/charts.ts'
import {
  countOf,
  dayInWords,
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
import { readStopped, stoppedNotice } from './stopped.ts'
import { headlines } from './today-headlines.ts'

const MOST_SHOWN = 20

/** The page that a finance lead opens in the morning. */
export async function todayPage(call: Call): Promise<Answer> {
  const { texts } = call
  return page({
    title: texts('nav.today'),
    isLive: true,
    main: html`${stoppedNotice(await readStopped(call), texts)}${await headlines(call)}${await doubts(call)}${await charts(call)}${await statements(call)}`,
  })
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
    staysBecause === null ? texts('today.not_run') : texts(`stay.${staysBecause}`),
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
  const gap = isBehind
    ? html`<p class="calls">! ${texts('today.gap', { day: dayInWords(until, texts) })}</p>`
    : EMPTY
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
