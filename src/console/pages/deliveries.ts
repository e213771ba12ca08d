import { html, type Markup } from '../../core/html.ts'
import { DELIVERY_STATES } from '../../webhooks/enums.ts'
import { countDeliveries, type DeliverySummary, listDeliveries } from '../../webhooks/read-deliveries.ts'
import { filterForm, select } from '../html/forms.ts'
import { badge, columnsOf, countOf, EMPTY, empty, link, safeText, table, timeTag } from '../html/parts.ts'
import { type Answer, type Call, page } from '../route.ts'
import { type Texts, wordOf } from '../texts/texts.ts'
import { readPartnerView } from './partner.ts'
import { placeOf } from './partners.ts'

const PAGE_SIZE = 50
/** More are not counted: an endpoint has ever more deliveries. */
const MOST_COUNTED = 10_000

/** The deliveries to a partner's endpoints, the newest first. */
export async function deliveriesPage(call: Call): Promise<Answer> {
  const { database, texts, query } = call
  const { name } = await readPartnerView(call)
  const place = `${placeOf(name)}/deliveries`
  const state = DELIVERY_STATES.find((each) => each === query.get('state')) ?? null
  const endpoint = /^[1-9]\d{0,8}$/.exec(query.get('endpoint') ?? '')?.[0]
  const skip = Number(/^\d{1,6}$/.exec(query.get('skip') ?? '')?.[0] ?? 0)
  const endpointId = endpoint === undefined ? null : Number(endpoint)
  const filter = { endpointId, state, partner: name, limit: PAGE_SIZE, skip }
  const rows = await listDeliveries(database, filter)
  const total = await countDeliveries(database, filter, MOST_COUNTED + 1)
  const next = new URLSearchParams(query)
  next.set('skip', String(skip + PAGE_SIZE))
  const choices = [
    { value: '', label: texts('filter.any') },
    ...DELIVERY_STATES.map((value) => ({ value, label: wordOf(texts, 'delivery', value) })),
  ]
  const hidden =
    endpoint === undefined ? EMPTY : html`<input type="hidden" name="endpoint" value="${endpoint}">`
  return page({
    title: `${name}: ${texts('partners.deliveries')}`,
    isLive: skip === 0,
    main: html`<p class="tools">${link(placeOf(name), name)}</p>
${filterForm(place, html`${hidden}${select('d-state', 'state', texts('col.state'), choices, state ?? '')}`, texts)}
<p>${countWords(total, texts)}</p>
${rows.length === 0 ? empty(texts('deliveries.none')) : deliveryTable(rows, texts)}
${rows.length === PAGE_SIZE && (skip + PAGE_SIZE < total || total > MOST_COUNTED) ? html`<p class="pager"><a rel="next" href="${place}?${next.toString()}">${texts('page.next')}</a></p>` : EMPTY}`,
  })
}

function countWords(total: number, texts: Texts): string {
  const isMore = total > MOST_COUNTED
  const n = countOf(isMore ? MOST_COUNTED : total)
  return texts(isMore ? 'deliveries.more' : 'deliveries.count', { n })
}

function deliveryTable(deliveries: readonly DeliverySummary[], texts: Texts): Markup {
  const rows = deliveries.map((each) => [
    timeTag(each.at, texts),
    link(`/deliveries/${each.eventId}`, each.kind),
    safeText(each.reference ?? (each.batchId === null ? '' : `${texts('decision.batch')} ${each.batchId}`)),
    String(each.endpointId),
    badge(each.state, wordOf(texts, 'delivery', each.state)),
    `${each.tries}${each.httpStatus === null ? '' : ` · HTTP ${each.httpStatus}`}`,
    safeText(each.trouble ?? ''),
    timeTag(each.nextAt, texts),
  ])
  const keys = [
    ...(['col.when', 'col.webhook', 'filter.reference', 'deliveries.endpoint', 'col.state'] as const),
    ...(['col.tries', 'col.problem', 'col.next'] as const),
  ]
  return table(texts('partners.deliveries'), columnsOf(texts, keys), rows)
}
