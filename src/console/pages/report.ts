import { Readable } from 'node:stream'
import { dayOf, formatPeriod, parsePeriod, periodOfDay } from '../../core/business-days.ts'
import { html } from '../../core/html.ts'
import type { Session } from '../../postgres/session.ts'
import { renderCsv } from '../../reconciliation/report/csv.ts'
import { readReport } from '../../reconciliation/report/read-report.ts'
import { formatCell, isNumeric } from '../../reconciliation/report/sheet.ts'
import { sheetsOf } from '../../reconciliation/report/sheets.ts'
import { statementsSpan } from '../../reconciliation/scope.ts'
import { EMPTY, empty, joined, section, table, timeTag } from '../html/parts.ts'
import { type Answer, type Call, page } from '../route.ts'

const PERIOD_EXPECTED = 'the period must be a day such as 2026-02-09, or days such as 2026-02-01..2026-02-28'

/** What a report is asked about: the period in words, or the newest day that statements are about. */
async function askedPeriod(session: Session, text: string) {
  if (text !== '') {
    const period = parsePeriod(text, new Date())
    if (period !== null) return { period, problem: null }
  }
  const span = await statementsSpan(session)
  const newest = span === null ? null : periodOfDay(dayOf(new Date(span.to.getTime() - 1)))
  return { period: newest, problem: text === '' ? null : PERIOD_EXPECTED }
}

async function readAsked({ inSession, query }: Call) {
  return await inSession(async (session) => {
    const { period, problem } = await askedPeriod(session, (query.get('period') ?? '').trim())
    return { problem, report: await readReport(session, period) }
  })
}

/** The report of a day, or of another period, as a page to read and to print. */
export async function reportPage(call: Call): Promise<Answer> {
  const { texts } = call
  const { report, problem } = await readAsked(call)
  const sections = sheetsOf(report, 'Asia/Jakarta').map((sheet) => {
    const rows = sheet.groups.flat().map(({ cells }) => cells.map((cell) => html`${formatCell(cell)}`))
    const columns = sheet.headings.map((heading, column) => ({ heading, isNumber: isNumeric(sheet, column) }))
    const body =
      rows.length === 0
        ? empty(sheet.whenEmpty)
        : html`<p class="soft">${sheet.note}</p>${table(sheet.title, columns, rows)}`
    return section(sheet.title, body)
  })
  const period = report.period === null ? '' : formatPeriod(report.period)
  const covered = period === '' ? EMPTY : html`${period}, `
  return page({
    title: texts('recon.report'),
    ...(problem === null ? {} : { problem, status: 400 }),
    // On paper it must say what it is of: the form is not printed.
    main: html`<p class="soft">${covered}${timeTag(report.madeAt, texts)}</p><form class="filter" method="get" action="/reconciliation/report"><div class="field"><label for="p">${texts('col.period')}</label><input id="p" name="period" value="${period}" placeholder="2026-02-09"></div><div class="buttons"><button class="primary">${texts('filter.apply')}</button> <a href="/reconciliation/report.csv?period=${encodeURIComponent(period)}">CSV</a></div></form>
${joined(sections)}`,
  })
}

export async function reportCsv(call: Call): Promise<Answer> {
  const { report, problem } = await readAsked(call)
  if (problem !== null) return await reportPage(call)
  return {
    is: 'file',
    name: 'report.csv',
    type: 'text/csv; charset=utf-8',
    body: Readable.from([renderCsv(report)]),
  }
}
