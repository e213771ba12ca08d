import { html, type Markup } from '../../core/html.ts'
import { maskPhoneNumber } from '../../core/masking.ts'
import { readPhoneNumber } from '../../core/phone-number.ts'
import { findOrderId } from '../../orders/queries/find-order.ts'
import type { SearchPlace } from '../../orders/queries/order-search.ts'
import { type ListedOrder, readListedOrders } from '../../orders/queries/orders.ts'
import { ordersAsCsv } from '../../orders/queries/orders-csv.ts'
import { type FoundOrders, MOST_READ, searchOrders } from '../../orders/queries/search-orders.ts'
import { filterForm } from '../html/forms.ts'
import { badge, countOf, EMPTY, empty, gramsOf, link, rupiahOf, table, timeTag } from '../html/parts.ts'
import { type Answer, type Call, page } from '../route.ts'
import { appendEvent } from '../store/events.ts'
import { type TextKey, type Texts, wordOf } from '../texts/texts.ts'
import { filterFields, filterQuery, readFilter } from './order-filter.ts'
import { readStopped, stoppedNotice } from './stopped.ts'

const PAGE_SIZE = 50

type Cell = (order: ListedOrder, texts: Texts) => Markup | string

interface OrderColumn {
  readonly name: string
  readonly heading: TextKey
  readonly isNumber?: boolean
  readonly isOptional?: boolean
  readonly cell: Cell
}

const COLUMNS: readonly OrderColumn[] = [
  { name: 'accepted', heading: 'col.accepted', cell: ({ acceptedAt }, texts) => timeTag(acceptedAt, texts) },
  {
    name: 'order',
    heading: 'col.order',
    cell: ({ orderId, partner, reference }) => link(`/orders/${orderId}`, `${partner}/${reference}`),
  },
  { name: 'kind', heading: 'col.kind', cell: ({ kind }, texts) => wordOf(texts, 'kind', kind) },
  { name: 'wallet', heading: 'col.wallet', cell: ({ phoneNumber }) => maskPhoneNumber(phoneNumber) },
  {
    name: 'state',
    heading: 'col.state',
    cell: ({ state }, texts) => badge(state, wordOf(texts, 'state', state)),
  },
  {
    name: 'reason',
    heading: 'col.reason',
    isOptional: true,
    cell: ({ reason }, texts) => wordOf(texts, 'reason', reason),
  },
  { name: 'grams', heading: 'col.grams', isNumber: true, cell: ({ grams }) => gramsOf(grams) },
  { name: 'rupiah', heading: 'col.rupiah', isNumber: true, cell: ({ rupiah }) => rupiahOf(rupiah) },
  {
    name: 'basis',
    heading: 'col.basis',
    isOptional: true,
    cell: ({ basis }, texts) => (basis === null ? '' : wordOf(texts, 'basis', basis)),
  },
  {
    name: 'attempts',
    heading: 'col.attempts',
    isNumber: true,
    isOptional: true,
    cell: ({ attempts }) => String(attempts),
  },
  { name: 'session', heading: 'col.session', isOptional: true, cell: ({ sessionId }) => sessionId ?? '' },
]

/** Shown unless others are chosen. */
const USUAL = new Set(['reason', 'basis'])

/** Orders by a filter, which is the page's address. */
export async function ordersPage(call: Call): Promise<Answer> {
  const { database, query, texts } = call
  const { search, bad } = readFilter(query)
  const found = await searchOrders(database, search, placeOf(query), PAGE_SIZE)
  const orders = await readListedOrders(database, found.orderIds)
  const columns = chosenColumns(query)
  const list =
    orders.length === 0
      ? empty(texts('orders.none'))
      : table(
          texts('nav.orders'),
          columns.map(({ heading, isNumber }) => ({ heading: texts(heading), isNumber: isNumber === true })),
          orders.map((order) => columns.map(({ cell }) => cell(order, texts))),
        )
  const own = filterQuery(query)
  return page({
    title: texts('nav.orders'),
    ...(bad.length > 0 ? { problem: texts('filter.bad', { fields: bad.join(', ') }), status: 400 } : {}),
    isLive: !query.has('after'),
    main: html`${stoppedNotice(await readStopped(call), texts)}${filterForm('/orders', html`${filterFields(query, texts)}${columnChoice(query, texts)}`, texts)}
<p class="tools"><a href="/orders.csv?${own.toString()}">${texts('orders.csv')}</a></p>
${list}${pager(found, own, query, texts)}`,
  })
}

function chosenColumns(query: URLSearchParams): readonly OrderColumn[] {
  const chosen = query.has('columns') ? new Set(query.getAll('columns')) : USUAL
  return COLUMNS.filter(({ name, isOptional }) => isOptional !== true || chosen.has(name))
}

function columnChoice(query: URLSearchParams, texts: Texts): Markup {
  const shown = new Set(chosenColumns(query).map(({ name }) => name))
  const optional = COLUMNS.filter(({ isOptional }) => isOptional === true)
  return html`<details class="rare"><summary>${texts('filter.columns')}</summary>
<input type="hidden" name="columns" value="none">
${optional.map(
  ({ name, heading }) =>
    html`<div class="check"><input type="checkbox" id="c-${name}" name="columns" value="${name}"${shown.has(name) ? html` checked` : EMPTY}><label for="c-${name}">${texts(heading)}</label></div>`,
)}</details>`
}

/** The place after which a page begins, as `time~order`. */
function placeOf(query: URLSearchParams): SearchPlace | null {
  const [, at, orderId] = /^(\d{4}-\d\d-\d\dT[\d:.]+Z)~([0-9a-f-]{36})$/.exec(query.get('after') ?? '') ?? []
  return at === undefined || orderId === undefined ? null : { at, orderId }
}

function pager(
  { next, isCut }: FoundOrders,
  own: URLSearchParams,
  query: URLSearchParams,
  texts: Texts,
): Markup {
  const first = query.has('after') ? link(`/orders?${own.toString()}`, texts('page.first')) : EMPTY
  if (next === null) return html`<p class="pager">${first}</p>`
  const on = new URLSearchParams(own)
  on.set('after', `${next.at}~${next.orderId}`)
  const cut = isCut ? html`<span>${texts('orders.cut', { n: countOf(MOST_READ) })}</span> ` : EMPTY
  const label = isCut ? texts('orders.older') : texts('page.next')
  return html`<p class="pager">${first} ${cut}<a rel="next" href="/orders?${on.toString()}">${label}</a></p>`
}

/** The whole result of a filter as CSV. The audit says who took it. */
export async function ordersCsv({ database, query, operator, address }: Call): Promise<Answer> {
  const { search } = readFilter(query)
  const fields = [...filterQuery(query).keys()].join(', ')
  const subject = fields === '' ? 'all orders' : `orders by ${fields}`
  await appendEvent(database, { operator: operator.name, event: 'orders_exported', subject, address })
  return {
    is: 'file',
    name: 'orders.csv',
    type: 'text/csv; charset=utf-8',
    body: ordersAsCsv(database, search),
  }
}

/** One field for everything by which people know an order. */
export async function findOrder({ database, query }: Call): Promise<Answer> {
  const q = (query.get('q') ?? '').trim().slice(0, 300)
  if (q === '') return { is: 'redirect', to: '/orders' }
  const orderId = await findOrderId(database, q)
  if (orderId !== null) return { is: 'redirect', to: `/orders/${orderId}` }
  const wallet = readPhoneNumber(q)
  if (wallet !== null) return { is: 'redirect', to: `/orders?wallet=${encodeURIComponent(wallet)}` }
  for (const field of ['reference', 'session', 'response', 'request']) {
    const asked = new URLSearchParams({ [field]: q })
    const { search, bad } = readFilter(asked)
    const { orderIds } = bad.length > 0 ? { orderIds: [] } : await searchOrders(database, search, null, 2)
    const [only] = orderIds
    if (orderIds.length === 1 && only !== undefined) return { is: 'redirect', to: `/orders/${only}` }
    if (orderIds.length > 1) return { is: 'redirect', to: `/orders?${asked.toString()}` }
  }
  return { is: 'redirect', to: `/orders?reference=${encodeURIComponent(q)}` }
}
