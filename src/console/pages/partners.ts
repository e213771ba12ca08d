import { html, type Markup } from '../../core/html.ts'
import { listKeys } from '../../partners/store/keys.ts'
import { listPartners, type PartnerRow } from '../../partners/store/partners.ts'
import { listEndpoints } from '../../webhooks/endpoints.ts'
import { listDeliveries } from '../../webhooks/read-deliveries.ts'
import {
  badge,
  code,
  countOf,
  EMPTY,
  empty,
  facts,
  link,
  rupiahOf,
  safeText,
  section,
  table,
  timeTag,
} from '../html/parts.ts'
import { ConsoleProblem } from '../http/problem-pages.ts'
import { type Answer, type Call, page } from '../route.ts'
import type { Texts } from '../texts/texts.ts'

const MOST_DELIVERIES = 30

export async function partnersPage({ database, texts }: Call): Promise<Answer> {
  const partners = await listPartners(database, null)
  const columns = [
    'col.partner',
    'col.state',
    'partners.per_minute',
    'partners.per_order',
    'partners.per_day',
  ] as const
  const rows = partners.map((each) => [
    link(`/partners/${encodeURIComponent(each.name)}`, each.name),
    badge(each.state, each.state),
    limitOf(each.ordersPerMinute, texts),
    moneyLimit(each.rupiahPerOrder, texts),
    moneyLimit(each.rupiahPerDay, texts),
  ])
  return page({
    title: texts('nav.partners'),
    main:
      partners.length === 0
        ? empty(texts('partners.none'))
        : table(
            texts('nav.partners'),
            columns.map((key) => ({ heading: texts(key) })),
            rows,
          ),
  })
}

const limitOf = (limit: number | null, texts: Texts) =>
  limit === null ? texts('partners.unlimited') : countOf(limit)
const moneyLimit = (limit: bigint | null, texts: Texts) =>
  limit === null ? texts('partners.unlimited') : rupiahOf(String(limit))

/** One partner: its limits, keys and webhooks. */
export async function partnerPage(call: Call): Promise<Answer> {
  const { database, params, texts } = call
  const [partner] = await listPartners(database, params.name ?? '')
  if (partner === undefined) throw new ConsoleProblem('not_found')
  return page({
    title: partner.name,
    main: html`${limits(partner, texts)}
<p class="tools">${link(`/orders?partner=${encodeURIComponent(partner.name)}`, texts('nav.orders'))}</p>
${await keys(call, partner.name)}${await webhooks(call, partner.name)}`,
  })
}

function limits(partner: PartnerRow, texts: Texts): Markup {
  return facts([
    [texts('col.state'), badge(partner.state, partner.state)],
    [texts('partners.per_minute'), limitOf(partner.ordersPerMinute, texts)],
    [texts('partners.per_order'), moneyLimit(partner.rupiahPerOrder, texts)],
    [texts('partners.per_day'), moneyLimit(partner.rupiahPerDay, texts)],
    [texts('partners.wallets'), limitOf(partner.walletsPerDay, texts)],
    [texts('col.kind'), partner.kinds?.join(', ') ?? texts('filter.any')],
    [texts('partners.addresses'), partner.addresses?.join(', ') ?? texts('filter.any')],
  ])
}

async function keys({ database, texts }: Call, partner: string): Promise<Markup> {
  const columns = ['col.prefix', 'col.owner', 'col.scopes', 'col.created', 'col.state'] as const
  const rows = (await listKeys(database, partner)).map((key) => [
    code(key.prefix),
    safeText(key.holder),
    key.scopes.join(', '),
    timeTag(key.createdAt, texts),
    badge(key.isValid ? 'active' : 'removed', texts(key.isValid ? 'partners.valid' : 'partners.invalid')),
  ])
  const title = texts('partners.keys')
  return section(
    title,
    table(
      title,
      columns.map((key) => ({ heading: texts(key) })),
      rows,
    ),
  )
}

async function webhooks({ database, texts }: Call, partner: string): Promise<Markup> {
  const endpoints = await listEndpoints(database, { partner, removedToo: false })
  if (endpoints.length === 0) return section(texts('order.webhooks'), empty(texts('order.no_webhooks')))
  const columns = [
    'col.url',
    'col.state',
    'partners.pending',
    'partners.given_up',
    'partners.delivered',
  ] as const
  const rows = endpoints.map((each) => [
    safeText(each.url),
    html`${badge(each.state, each.state)}${each.failingSince === null ? EMPTY : html` ${badge('failing', texts('partners.failing'))}`}`,
    countOf(each.pending),
    countOf(each.givenUp),
    timeTag(each.deliveredAt, texts),
  ])
  const filter = { endpointId: null, state: null, partner, limit: MOST_DELIVERIES, skip: 0 }
  const deliveries = (await listDeliveries(database, filter)).map((each) => [
    timeTag(each.at, texts),
    each.kind,
    safeText(each.reference ?? ''),
    badge(each.state, each.state.replaceAll('_', ' ')),
    `${each.tries}${each.httpStatus === null ? '' : ` · HTTP ${each.httpStatus}`}`,
    safeText(each.trouble ?? ''),
  ])
  const deliveryColumns = [
    'col.when',
    'col.webhook',
    'filter.reference',
    'col.state',
    'col.tries',
    'col.problem',
  ] as const
  const title = texts('order.webhooks')
  return section(
    title,
    html`${table(
      title,
      columns.map((key) => ({ heading: texts(key) })),
      rows,
    )}
<h3>${texts('partners.deliveries')}</h3>${table(
      texts('partners.deliveries'),
      deliveryColumns.map((key) => ({ heading: texts(key) })),
      deliveries,
    )}`,
  )
}
