import { html, type Markup } from '../../core/html.ts'
import type { Texts } from '../texts/texts.ts'
import { empty, table } from './parts.ts'

/** One line or bar of a chart. */
export interface Series {
  readonly label: string
  readonly values: readonly (number | null)[]
}

/** A chart over the hours of a day. Its figures are a table, which the script draws; without script the table is there. */
export function hourChart(
  title: string,
  hours: readonly Date[],
  series: readonly Series[],
  texts: Texts,
): Markup {
  const isEmpty = series.every(({ values }) => values.every((value) => value === null || value === 0))
  if (isEmpty)
    return html`<figure class="chart"><figcaption>${title}</figcaption>${empty(texts('chart.empty'))}</figure>`
  const label = (hour: Date) => `${new Date(hour.getTime() + 7 * 3_600_000).toISOString().slice(11, 13)}.00`
  const shown = (value: number | null) => (value === null ? '–' : String(Math.round(value * 1000) / 1000))
  const columns = [
    { heading: texts('today.hour') },
    ...series.map((each) => ({ heading: each.label, isNumber: true })),
  ]
  const rows = hours.map((hour, position) => [
    label(hour),
    ...series.map(({ values }) => shown(values[position] ?? null)),
  ])
  return html`<figure class="chart" data-chart><figcaption>${title}</figcaption><div class="plot"></div>
<details><summary>${texts('chart.figures')}</summary>${table(title, columns, rows)}</details></figure>`
}
