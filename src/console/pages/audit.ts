import { html } from '../../core/html.ts'
import { EMPTY, empty, safeText, table, timeTag } from '../html/parts.ts'
import { type Answer, type Call, page } from '../route.ts'
import { listAudit } from '../store/audit.ts'
import { wordOf } from '../texts/texts.ts'

const PAGE_SIZE = 100

/** Who did what, when, and from where. */
export async function auditPage({ database, query, texts }: Call): Promise<Answer> {
  const given = new Date(query.get('before') ?? '')
  const isGiven =
    !Number.isNaN(given.getTime()) && given.getUTCFullYear() > 2000 && given.getUTCFullYear() < 2100
  const rows = await listAudit(database, isGiven ? given : new Date(Date.now() + 60_000), PAGE_SIZE)
  const columns = ['col.when', 'col.who', 'col.what', 'col.about', 'col.where'] as const
  const cells = rows.map(({ at, who, proof, what, subject, address }) => [
    timeTag(at, texts),
    html`${safeText(who)}${proof === 'declared' ? html` <small>${texts('audit.declared')}</small>` : EMPTY}`,
    safeText(wordOf(texts, 'event', what)),
    safeText(subject ?? ''),
    address ?? '',
  ])
  const last = rows.at(-1)
  const more =
    rows.length < PAGE_SIZE || last === undefined
      ? EMPTY
      : html`<p class="pager"><a rel="next" href="/audit?before=${last.at.toISOString()}">${texts('page.next')}</a></p>`
  return page({
    title: texts('nav.audit'),
    main: html`${
      rows.length === 0
        ? empty(texts('audit.none'))
        : table(
            texts('nav.audit'),
            columns.map((key) => ({ heading: texts(key) })),
            cells,
          )
    }${more}`,
  })
}
