import { html, type Markup } from '../../core/html.ts'
import { auditAsCsv } from '../audit-csv.ts'
import { wordsOf } from '../audit-words.ts'
import { filterForm } from '../html/forms.ts'
import { columnsOf, countOf, EMPTY, empty, link, safeText, table, timeTag } from '../html/parts.ts'
import { type Answer, type Call, page } from '../route.ts'
import { type AuditPage, type AuditRow, MOST_SCANNED, readAudit } from '../store/audit.ts'
import { appendEvent } from '../store/events.ts'
import type { Texts } from '../texts/texts.ts'
import { auditFields, auditPlaceOf, auditQuery, readAuditFilter } from './audit-filter.ts'

const PAGE_SIZE = 100

/** Who did what, when, and from where, by a filter, which is the page's address. */
export async function auditPage({ database, query, texts }: Call): Promise<Answer> {
  const { filter, bad } = readAuditFilter(query, texts)
  const found = await readAudit(database, filter, auditPlaceOf(query), PAGE_SIZE)
  const own = auditQuery(query)
  const columns = columnsOf(texts, ['col.when', 'col.who', 'col.what', 'col.about', 'col.where'])
  const rows = found.rows.map((row) => cellsOf(row, texts))
  return page({
    title: texts('nav.audit'),
    ...(bad.length > 0 ? { problem: texts('filter.bad', { fields: bad.join(', ') }), status: 400 } : {}),
    main: html`${filterForm('/audit', auditFields(query, texts), texts)}
<p class="tools"><a href="/audit.csv?${own.toString()}">${texts('orders.csv')}</a></p>
${rows.length === 0 ? empty(texts('audit.none')) : table(texts('nav.audit'), columns, rows)}${pager(found, own, query, texts)}`,
  })
}

function cellsOf(row: AuditRow, texts: Texts): (Markup | string)[] {
  const { action, subject, href } = wordsOf(row, texts)
  const about = safeText(subject)
  return [
    timeTag(row.at, texts),
    html`${safeText(row.who)}${row.proof === 'declared' ? html` <small>${texts('audit.declared')}</small>` : EMPTY}`,
    safeText(action),
    href === null ? about : link(href, about),
    row.address ?? '',
  ]
}

function pager(
  { next, isCut }: AuditPage,
  own: URLSearchParams,
  query: URLSearchParams,
  texts: Texts,
): Markup {
  const first = query.has('after') ? link(`/audit?${own.toString()}`, texts('page.first')) : EMPTY
  if (next === null) return html`<p class="pager">${first}</p>`
  const on = new URLSearchParams(own)
  on.set('after', `${next.at}~${next.key}`)
  const cut = isCut ? html`<span>${texts('audit.cut', { n: countOf(MOST_SCANNED) })}</span> ` : EMPTY
  const label = isCut ? texts('audit.older') : texts('page.next')
  return html`<p class="pager">${first} ${cut}<a rel="next" href="/audit?${on.toString()}">${label}</a></p>`
}

/** The whole result of a filter as CSV. The audit says who took it, and by which fields. */
export async function auditCsv({ database, query, operator, address, texts }: Call): Promise<Answer> {
  const { filter } = readAuditFilter(query, texts)
  const fields = [...auditQuery(query).keys()].join(', ')
  const subject = fields === '' ? 'the whole audit' : `the audit by ${fields}`
  await appendEvent(database, { operator: operator.name, event: 'audit_exported', subject, address })
  const type = 'text/csv; charset=utf-8'
  return { is: 'file', name: 'audit.csv', type, body: auditAsCsv(database, filter) }
}
