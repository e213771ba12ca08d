import { listPartners } from '../../partners/store/partners.ts'
import { badge, columnsOf, countOf, empty, link, rupiahOf, table } from '../html/parts.ts'
import { type Answer, type Call, page } from '../route.ts'
import { type Texts, wordOf } from '../texts/texts.ts'

/** The address of a partner's page. */
export const placeOf = (partner: string): string => `/partners/${encodeURIComponent(partner)}`

export async function partnersPage({ database, texts }: Call): Promise<Answer> {
  const partners = await listPartners(database, null)
  const keys = [
    'col.partner',
    'col.state',
    'partners.per_minute',
    'partners.per_order',
    'partners.per_day',
  ] as const
  const rows = partners.map((each) => [
    link(placeOf(each.name), each.name),
    badge(each.state, wordOf(texts, 'partner', each.state)),
    limitOf(each.ordersPerMinute, texts),
    moneyLimit(each.rupiahPerOrder, texts),
    moneyLimit(each.rupiahPerDay, texts),
  ])
  const title = texts('nav.partners')
  const main =
    partners.length === 0
      ? empty(texts('partners.none'))
      : table(title, columnsOf(texts, keys, [2, 3, 4]), rows)
  return page({ title, main })
}

export const limitOf = (limit: number | null, texts: Texts): string =>
  limit === null ? texts('partners.unlimited') : countOf(limit)
export const moneyLimit = (limit: bigint | null, texts: Texts): string =>
  limit === null ? texts('partners.unlimited') : rupiahOf(String(limit))
