import { html, type Markup } from '../../core/html.ts'
import { personKey } from '../../core/person.ts'
import { FILTER_FIELDS } from '../../orders/filter-fields.ts'
import { eventsNamed, patternOf } from '../audit-words.ts'
import { input } from '../html/forms.ts'
import type { AuditFilter, AuditPlace } from '../store/audit.ts'
import type { TextKey, Texts } from '../texts/texts.ts'

/** The fields of the filter as the page's address has them. */
const FIELDS = ['person', 'action', 'subject', 'from', 'to'] as const
const MOST_CHARACTERS = 200

export interface ReadAuditFilter {
  readonly filter: AuditFilter
  readonly bad: readonly string[]
}

/** Reads the filter of an address. A field that cannot be read is named, and narrows nothing. */
export function readAuditFilter(query: URLSearchParams, texts: Texts): ReadAuditFilter {
  const bad: string[] = []
  const read = <T>(field: (typeof FIELDS)[number], as: (text: string) => T | null): T | null => {
    const text = (query.get(field) ?? '').trim()
    const isReadable = text.length <= MOST_CHARACTERS && !text.includes('\0')
    const value = text === '' || !isReadable ? null : as(text)
    if (text !== '' && value === null) bad.push(field)
    return value
  }
  const action = read('action', (text) => text)
  const filter = {
    person: read('person', (text) => personKey(text) || null),
    action: action === null ? null : patternOf(action),
    events: action === null ? [] : eventsNamed(action, texts),
    subject: read('subject', patternOf),
    from: read('from', FILTER_FIELDS.from.read),
    to: read('to', FILTER_FIELDS.to.read),
  }
  return { filter, bad }
}

/** The filter's own part of an address, without the page's. */
export function auditQuery(query: URLSearchParams): URLSearchParams {
  const kept = FIELDS.map((field): [string, string] => [field, query.get(field) ?? ''])
  return new URLSearchParams(kept.filter(([, value]) => value !== ''))
}

const LABELS: Readonly<Record<(typeof FIELDS)[number], TextKey>> = {
  person: 'col.who',
  action: 'col.what',
  subject: 'col.about',
  from: 'filter.from',
  to: 'filter.to',
}

export function auditFields(query: URLSearchParams, texts: Texts): Markup {
  return html`${FIELDS.map((name) =>
    input({
      ...{ id: `f-${name}`, name, label: texts(LABELS[name]), value: query.get(name) ?? '' },
      type: name === 'from' || name === 'to' ? 'date' : 'text',
      ...(name === 'action' ? { hint: texts('audit.action.hint') } : {}),
      ...(name === 'subject' ? { hint: texts('audit.subject.hint') } : {}),
    }),
  )}`
}

/** The place after which a page begins, as `time~key`. */
export function auditPlaceOf(query: URLSearchParams): AuditPlace | null {
  const [, at, key] =
    /^(2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)~(\d{1,18})$/.exec(query.get('after') ?? '') ?? []
  return at === undefined || key === undefined || Number.isNaN(Date.parse(at)) ? null : { at, key }
}
