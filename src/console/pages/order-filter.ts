import { parsePeriod, startOfDay } from '../../core/business-days.ts'
import { html, type Markup } from '../../core/html.ts'
import { parseRupiah } from '../../core/money.ts'
import { readPhoneNumber } from '../../core/phone-number.ts'
import { readPlainText, readReference } from '../../core/plain-text.ts'
import { ORDER_KINDS } from '../../orders/command.ts'
import { ORDER_STATES } from '../../orders/lifecycle.ts'
import type { OrderSearch } from '../../orders/queries/order-search.ts'
import { input, select } from '../html/forms.ts'
import { type TextKey, type Texts, wordOf } from '../texts/texts.ts'

/** The fields of the filter as the page's address has them. */
const FIELDS = [
  'state',
  'kind',
  'partner',
  'wallet',
  'reference',
  'session',
  'request',
  'response',
  'amount',
  'from',
  'to',
]

/** A filter as it was read, and the fields that cannot be. */
export interface ReadFilter {
  readonly search: OrderSearch
  readonly bad: readonly string[]
  readonly isEmpty: boolean
}

/** Reads the filter of an address. A field that cannot be read is named, and narrows nothing. */
export function readFilter(query: URLSearchParams): ReadFilter {
  const bad: string[] = []
  const read = <T>(field: string, parse: (text: string) => T | null): T | null => {
    const text = (query.get(field) ?? '').trim()
    if (text === '') return null
    const value = parse(text)
    if (value === null) bad.push(field)
    return value
  }
  const text = (written: string) => readPlainText(written, 200)
  const search = {
    state: read('state', (given) => ORDER_STATES.find((state) => state === given) ?? null),
    kind: read('kind', (given) => ORDER_KINDS.find((kind) => kind === given) ?? null),
    partner: read('partner', text),
    phoneNumber: read('wallet', readPhoneNumber),
    reference: read('reference', readReference),
    sessionId: read('session', text),
    requestId: read('request', text),
    responseId: read('response', text),
    amount: read('amount', (given) => parseRupiah(given.replace(/[Rp. ]/g, ''))),
    from: read('from', momentOf),
    to: read('to', endOf),
  }
  const isEmpty = Object.values(search).every((value) => value === null)
  return { search, bad, isEmpty }
}

/** A day, or a minute as browsers send it; by the clock in Jakarta. */
function momentOf(text: string): Date | null {
  return text.includes('T')
    ? (parsePeriod(`${text.slice(0, 16)}..2099-12-31`, new Date())?.from ?? null)
    : startOfDay(text)
}

function endOf(text: string): Date | null {
  const start = momentOf(text)
  return start === null || text.includes('T') ? start : new Date(start.getTime() + 86_400_000)
}

/** The filter's own part of an address, without the page's. */
export function filterQuery(query: URLSearchParams): URLSearchParams {
  const kept = [...FIELDS, 'columns'].flatMap((field) =>
    query
      .getAll(field)
      .filter((value) => value !== '')
      .map((value): [string, string] => [field, value]),
  )
  return new URLSearchParams(kept)
}

/** The fields of the form. Those that are used rarely are behind a summary. */
export function filterFields(query: URLSearchParams, texts: Texts): Markup {
  const value = (field: string) => query.get(field) ?? ''
  const choices = (kind: string, words: readonly string[]) => [
    { value: '', label: texts('filter.any') },
    ...words.map((word) => ({ value: word, label: wordOf(texts, kind, word) })),
  ]
  const field = (name: string, label: TextKey, type = 'text') =>
    input({ id: `f-${name}`, name, label: texts(label), type, value: value(name) })
  const ids = ['session', 'request', 'response'] as const
  const rare = ['reference', 'amount', ...ids]
  const isOpen = rare.some((name) => value(name) !== '')
  return html`${select('f-state', 'state', texts('col.state'), choices('state', ORDER_STATES), value('state'))}
${select('f-kind', 'kind', texts('col.kind'), choices('kind', ORDER_KINDS), value('kind'))}
${field('partner', 'col.partner')}${field('wallet', 'col.wallet')}
${field('from', 'filter.from', 'date')}${field('to', 'filter.to', 'date')}
<details class="rare"${isOpen ? html` open` : html``}><summary>${texts('orders.more')}</summary>
${field('reference', 'filter.reference')}${field('amount', 'filter.amount')}
${ids.map((name) => input({ id: `f-${name}`, name, label: `${name}_id`, value: value(name) }))}</details>`
}
