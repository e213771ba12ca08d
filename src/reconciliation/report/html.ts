import { formatTime, type ShownZone } from '../../core/format.ts'
import { html, type Markup } from '../../core/html.ts'
import { formatSpan } from './format.ts'
import { headlinesOf } from './headlines.ts'
import { chartOf } from './html-chart.ts'
import { STYLE } from './html-style.ts'
import type { Report } from './report.ts'
import { type Cell, formatCell, isNumeric, type Row, type Sheet } from './sheet.ts'
import { sheetsOf } from './sheets.ts'

/** Writes a report as one HTML file without scripts and without references to other files. */
export function renderHtml(report: Report, zone: ShownZone = 'Asia/Jakarta'): string {
  const about = report.period === null ? 'no statement yet' : formatSpan(report.period, zone)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Reconciliation ${about}</title>
${STYLE}
</head>
<body>
<header>
<h1>Reconciliation ${about}</h1>
<p>Made ${formatTime(report.madeAt, zone)}. Days are Jakarta's (+07:00).</p>
</header>
<main>
${headlines(report)}
${chartOf(report)}
${sheetsOf(report, zone).map(section)}
</main>
</body>
</html>
`.text
}

function headlines(report: Report): Markup {
  return html`<ul class="headlines">
${headlinesOf(report).map(
  ({ what, value, details, needsAttention }) =>
    html`<li class="${needsAttention ? 'calls' : 'calm'}"><span>${what}</span><b>${formatCell(value)}</b>${details.map((each) => html`<span>${formatCell(each)}</span>`)}</li>
`,
)}</ul>`
}

/** A table of at most so many rows is not split over printed pages. */
const SHORT_ROWS = 14

function section(sheet: Sheet): Markup {
  if (sheet.groups.length === 0)
    return html`<section><h2>${sheet.title}</h2>
<p class="empty">${sheet.whenEmpty}</p></section>
`
  const isShort = sheet.groups.flat().length <= SHORT_ROWS
  return html`<section class="${isShort ? 'short' : 'long'}"><h2>${sheet.title}</h2>
<p class="note">${sheet.note}</p>
<div class="scroll"><table>
<thead><tr>${sheet.headings.map((heading, column) => html`<th scope="col" class="${isNumeric(sheet, column) ? 'number' : 'text'}">${heading}</th>`)}</tr></thead>
${sheet.groups.map(
  (rows) => html`<tbody>
${rows.map((row) => tableRow(sheet, row))}</tbody>
`,
)}</table></div></section>
`
}

function tableRow(sheet: Sheet, { cells, mark }: Row): Markup {
  const classOf = (cell: Cell, column: number) => {
    if (isNumeric(sheet, column)) return 'number'
    return column === 0 ? 'name' : typeof cell === 'string' && cell.length > 24 ? 'foreign' : 'text'
  }
  return html`<tr class="${mark ?? 'plain'}">${cells.map(
    (cell, column) => html`<td class="${classOf(cell, column)}">${formatCell(cell)}</td>`,
  )}</tr>
`
}
