import { dayOf, startOfDay } from '../../core/business-days.ts'
import { html, type Markup } from '../../core/html.ts'
import { formatRupiah } from '../../core/money.ts'
import { formatFigure, rupiah } from './format.ts'
import type { DayTotals, Report } from './report.ts'

/** How many days fit beside each other. */
export const CHARTED_DAYS = 31

const DAY_MS = 86_400_000
const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [1000, 250, 150, 24, 40]
const BASE = HEIGHT - BOTTOM
const BAR_MAX = 26

/** Rupiah of both sides, a pair of bars a day. A day that differs is hatched, with a sign above it. */
export function chartOf({ totals: { byDay } }: Report): Markup {
  if (byDay.length === 0) return html``
  const days = chartedDays(byDay)
  const top = roundUp(highest(byDay.filter(({ day }) => days.includes(day))))
  const step = (WIDTH - LEFT) / days.length
  const pairs = days.flatMap((day, position) => {
    const totals = byDay.find((each) => each.day === day)
    return [
      ...(totals === undefined ? [] : [pair(totals, LEFT + step * (position + 0.5), step, top)]),
      label(day, LEFT + step * (position + 0.5), position === 0),
    ]
  })
  return html`<section class="figure"><h2>Rupiah per day</h2>
<p class="note">All kinds together${byDay.length > days.length || days[0] !== byDay[0]?.day ? html`; the last ${days.length} days` : ''}.</p>
${legend()}
<div class="scroll"><svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Rupiah per day, ours beside theirs">
<defs>${hatch('ours')}${hatch('theirs')}</defs>
${[top, top / 2n, 0n].map((value) => gridLine(value, top))}
${pairs}
</svg></div></section>
`
}

/** The last days up to the last with a transaction; days without one keep their place. */
function chartedDays(byDay: readonly DayTotals[]): string[] {
  const [first, last] = [startOfDay(byDay[0]?.day ?? ''), startOfDay(byDay.at(-1)?.day ?? '')]
  if (first === null || last === null) return byDay.slice(-CHARTED_DAYS).map(({ day }) => day)
  const count = Math.min(CHARTED_DAYS, (last.getTime() - first.getTime()) / DAY_MS + 1)
  return Array.from({ length: count }, (_, position) =>
    dayOf(new Date(last.getTime() - (count - 1 - position) * DAY_MS)),
  )
}

function highest(days: readonly DayTotals[]): bigint {
  return days
    .flatMap(({ ours, theirs }) => [BigInt(ours.rupiah), BigInt(theirs.rupiah)])
    .reduce((high, each) => (each > high ? each : high), 0n)
}

/** Tops of a scale, in tenths of a power of ten, whose halves are round numbers too. */
const TOPS = [10n, 12n, 16n, 20n, 24n, 30n, 40n, 50n, 60n, 80n, 100n]

/** The lowest top of a scale that is not below the value. */
function roundUp(value: bigint): bigint {
  const tenth = 10n ** BigInt(Math.max(String(value).length - 2, 0))
  return tenth * (TOPS.find((times) => tenth * times >= value) ?? 100n)
}

/** Integer arithmetic: a large sum loses no visible digit. */
const heightOf = (value: bigint, top: bigint) => Number((value * 10_000n) / top) * ((BASE - TOP) / 10_000)

function gridLine(value: bigint, top: bigint): Markup {
  const y = BASE - heightOf(value, top)
  return html`<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${y}" y2="${y}"/><text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${formatRupiah(value)}</text>
`
}

function pair(totals: DayTotals, middle: number, step: number, top: bigint): Markup {
  const width = Math.min(step * 0.38, BAR_MAX)
  const { day, equal, ours, theirs } = totals
  const bar = (side: 'ours' | 'theirs', x: number) => {
    const value = BigInt(totals[side].rupiah)
    const height = value === 0n ? 0 : Math.max(heightOf(value, top), 1)
    const fill = equal ? `var(--${side})` : `url(#differs-${side})`
    return html`<rect x="${round(x)}" y="${round(BASE - height)}" width="${round(width)}" height="${round(height)}" fill="${fill}" stroke="var(--${side})"/>`
  }
  const tallest = heightOf(highest([totals]), top)
  return html`<g><title>${day}: ours ${formatFigure(rupiah(ours.rupiah))}, theirs ${formatFigure(rupiah(theirs.rupiah))}${equal ? '' : ', they differ'}</title>${bar('ours', middle - width - 1)}${bar('theirs', middle + 1)}${
    equal
      ? ''
      : html`<text class="differs" x="${round(middle)}" y="${round(BASE - tallest - 6)}" text-anchor="middle">≠</text>`
  }</g>
`
}

const round = (value: number) => Math.round(value * 10) / 10

function label(day: string, x: number, isFirst: boolean): Markup {
  const [month, date] = [day.slice(0, 7), day.slice(8)]
  return html`<text x="${round(x)}" y="${BASE + 15}" text-anchor="middle">${date}</text>${
    isFirst || date === '01'
      ? html`<text x="${round(x)}" y="${BASE + 30}" text-anchor="middle">${month}</text>`
      : ''
  }
`
}

const hatch = (side: 'ours' | 'theirs') =>
  html`<pattern id="differs-${side}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5" fill="#fff"/><rect width="2.5" height="5" fill="var(--${side})"/></pattern>`

const swatch = (fill: string, stroke: string) =>
  html`<svg viewBox="0 0 14 14" aria-hidden="true"><rect x="1" y="1" width="12" height="12" fill="${fill}" stroke="${stroke}"/></svg>`

const legend = () => html`<ul class="legend">
<li>${swatch('var(--ours)', 'var(--ours)')}ours: succeeded orders</li>
<li>${swatch('var(--theirs)', 'var(--theirs)')}theirs: lines of statements</li>
<li>${swatch('url(#differs-ours)', 'var(--ours)')}hatched, with ≠: a kind of that day differs</li>
</ul>`
