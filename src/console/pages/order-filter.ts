import { html, type Markup } from '../../core/html.ts'
import { ORDER_KINDS } from '../../orders/command.ts'
import { FILTER_FIELDS, FILTER_KEYS } from '../../orders/filter-fields.ts'
import { ORDER_STATES } from '../../orders/lifecycle.ts'
import type { OrderSearch } from '../../orders/queries/order-search.ts'
import { input, select } from '../html/forms.ts'
import { type TextKey, type Texts, wordOf } from '../texts/texts.ts'

/** The fields of the filter as the page's address has them. */
const FIELDS = FILTER_KEYS.map((key) => FILTER_FIELDS[key].page)

/** A filter as it was read, and the fields that cannot be. */
export interface ReadFilter {
  readonly search: OrderSearch
  readonly bad: readonly string[]
}

/** Reads the filter of an address. A field that cannot be read is named, and narrows nothing. */
export function readFilter(query: URLSearchParams): ReadFilter {
  const bad: string[] = []
  const read = FILTER_KEYS.map((key) => {
    const { page, read } = FILTER_FIELDS[key]
    const text = (query.get(page) ?? '').trim()
    const value = text === '' ? null : read(text)
    if (text !== '' && value === null) bad.push(page)
    return [key, value] as const
  })
  return { search: Object.fromEntries(read) as unknown as OrderSearch, bad }
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
