import { Readable } from 'node:stream'
import { formatPeriod, parsePeriod } from '../../core/business-days.ts'
import { html } from '../../core/html.ts'
import { renderCsv } from '../../reconciliation/report/csv.ts'
import { readReport } from '../../reconciliation/report/read-report.ts'
import { formatCell, isNumeric } from '../../reconciliation/report/sheet.ts'
import { sheetsOf } from '../../reconciliation/report/sheets.ts'
import { EMPTY, empty, joined, section, table, timeTag } from '../html/parts.ts'
import { type Answer, type Call, page } from '../route.ts'

const periodOf = ({ query }: Call) => parsePeriod(query.get('period') ?? '', new Date())

/** The report of a period as a page to read and to print. */
export async function reportPage(call: Call): Promise<Answer> {
  const { texts, inSession, query } = call
  const report = await inSession((session) => readReport(session, periodOf(call)))
  const sections = sheetsOf(report, 'Asia/Jakarta').map((sheet) => {
    const rows = sheet.groups.flat().map(({ cells }) => cells.map((cell) => html`${formatCell(cell)}`))
    const columns = sheet.headings.map((heading, column) => ({ heading, isNumber: isNumeric(sheet, column) }))
    const body =
      rows.length === 0
        ? empty(sheet.whenEmpty)
        : html`<p class="soft">${sheet.note}</p>${table(sheet.title, columns, rows)}`
    return section(sheet.title, body)
  })
  const period = query.get('period') ?? ''
  const covered = report.period === null ? EMPTY : html`${formatPeriod(report.period)}, `
  return page({
    title: texts('recon.report'),
    // On paper it must say what it is of: the form is not printed.
    main: html`<p class="soft">${covered}${timeTag(report.madeAt, texts)}</p><form class="filter" method="get" action="/reconciliation/report"><div class="field"><label for="p">${texts('col.period')}</label><input id="p" name="period" value="${period}" placeholder="2026-02-09"></div><div class="buttons"><button class="primary">${texts('filter.apply')}</button> <a href="/reconciliation/report.csv?period=${encodeURIComponent(period)}">CSV</a></div></form>
${joined(sections)}`,
  })
}

export async function reportCsv(call: Call): Promise<Answer> {
  const report = await call.inSession((session) => readReport(session, periodOf(call)))
  return {
    is: 'file',
    name: 'report.csv',
    type: 'text/csv; charset=utf-8',
    body: Readable.from([renderCsv(report)]),
  }
}
