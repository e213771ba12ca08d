import { html, type Markup } from '../../core/html.ts'
import { ORDER_KINDS } from '../../orders/command.ts'
import { BREAK_FIELDS, BREAK_KEYS, readBreakSelection } from '../../reconciliation/break-filter.ts'
import {
  type BreakFilter,
  listBreaks,
  type OpenBreak,
  readBreakSet,
} from '../../reconciliation/break-queries.ts'
import { BREAK_TYPE_NAMES } from '../../reconciliation/enums.ts'
import { checkbox, commandForm, filterForm, input, select } from '../html/forms.ts'
import {
  badge,
  countOf,
  EMPTY,
  empty,
  gramsOf,
  link,
  rupiahOf,
  safeText,
  table,
  timeTag,
} from '../html/parts.ts'
import { type Answer, type Call, PROPOSES, page } from '../route.ts'
import { type Shown as ShownFields, seenOf } from '../stale.ts'
import { type Texts, wordOf } from '../texts/texts.ts'

const PAGE_SIZE = 100

/** The filter in an address, without a page. */
export function breakFilterOf(query: URLSearchParams): BreakFilter {
  const skip = Math.min(Number(/^\d{1,6}$/.exec(query.get('skip') ?? '')?.[0] ?? 0), 100_000)
  return { ...readBreakSelection(query), limit: PAGE_SIZE, skip }
}

export interface Shown {
  readonly problem?: string
  /** What a command for many breaks did, break by break. */
  readonly results?: Markup
}

/** Open breaks, the first due first. */
export async function breaksPage(call: Call, shown: Shown = {}): Promise<Answer> {
  const { database, texts } = call
  const query = call.query.size > 0 ? call.query : call.form
  const filter = breakFilterOf(query)
  const [breaks, sums] = [await listBreaks(database, filter), await readBreakSet(database, filter)]
  const total = sums.breakIds.length
  const list = breaks.length === 0 ? empty(texts('breaks.none')) : breakTable(breaks, texts)
  const sum = texts('breaks.sum', {
    n: countOf(total),
    rupiah: rupiahOf(sums.rupiahAtRisk),
    grams: gramsOf(sums.gramsAtRisk),
  })
  return page({
    title: texts('nav.breaks'),
    isLive: shown.problem === undefined && filter.skip === 0,
    ...(shown.problem === undefined ? {} : { problem: shown.problem, status: 409 }),
    main: html`${filterForm('/breaks', filterFields(query, texts), texts)}
${shown.results ?? EMPTY}<p>${sum}</p>
${call.may(...PROPOSES) && total > 0 ? proposeAll(filter, sums, texts) : EMPTY}
${list}${pager(filter, total, query, texts)}`,
  })
}

function filterFields(query: URLSearchParams, texts: Texts): Markup {
  const types = [
    { value: '', label: texts('filter.any') },
    ...BREAK_TYPE_NAMES.map((value) => ({ value, label: wordOf(texts, 'break', value) })),
  ]
  const kinds = [
    { value: '', label: texts('filter.any') },
    ...ORDER_KINDS.map((value) => ({ value, label: wordOf(texts, 'kind', value) })),
  ]
  return html`${select('b-type', 'type', texts('col.type'), types, query.get('type') ?? '')}
${select('b-kind', 'kind', texts('col.kind'), kinds, query.get('kind') ?? '')}
${input({ id: 'b-partner', name: 'partner', label: texts('col.partner'), value: query.get('partner') ?? '' })}
${input({ id: 'b-older', name: 'older', label: texts('breaks.older'), value: query.get('older') ?? '' })}
${input({ id: 'b-owner', name: 'owner', label: texts('col.owner'), value: query.get('owner') ?? '' })}
${checkbox('b-overdue', 'overdue', texts('breaks.overdue'), query.get('overdue') === 'yes')}`
}

function breakTable(breaks: readonly OpenBreak[], texts: Texts): Markup {
  const columns = [
    { heading: texts('col.break') },
    { heading: texts('col.type') },
    { heading: texts('col.order') },
    { heading: texts('col.rupiah'), isNumber: true },
    { heading: texts('col.grams'), isNumber: true },
    { heading: texts('col.due') },
    { heading: texts('col.owner') },
    { heading: texts('col.proposed_by') },
  ]
  const rows = breaks.map((each) => [
    link(`/breaks/${each.breakId}`, String(each.breakId)),
    wordOf(texts, 'break', each.type),
    each.orderId === null ? '' : link(`/orders/${each.orderId}`, `${each.partner}/${each.reference}`),
    rupiahOf(each.rupiahAtRisk),
    gramsOf(each.gramsAtRisk),
    html`${timeTag(each.dueAt, texts)}${each.overdue ? html` ${badge('overdue', texts('breaks.is_overdue'))}` : EMPTY}`,
    safeText(each.owner ?? ''),
    safeText(each.proposedBy ?? ''),
  ])
  return table(texts('nav.breaks'), columns, rows)
}

type BreakSet = Awaited<ReturnType<typeof readBreakSet>>

/** What of the breaks of a filter a person saw: which they are, and the sum. */
export const shownOfSet = ({ breakIds, rupiahAtRisk }: BreakSet): ShownFields => ({
  breaks: breakIds.length,
  rupiahAtRisk,
  numbers: breakIds.join(', '),
})

/** One form for all breaks of the filter. What the person saw of them is sent along. */
function proposeAll(filter: BreakFilter, set: BreakSet, texts: Texts): Markup {
  const n = countOf(set.breakIds.length)
  const kept = BREAK_KEYS.flatMap((key) => {
    const value = filter[key]
    return value === null ? [] : [[BREAK_FIELDS[key].page, value === true ? 'yes' : String(value)] as const]
  })
  return html`<div class="commands">${commandForm({
    id: 'propose-all',
    action: '/breaks/propose',
    title: texts('breaks.propose_all', { n }),
    explains: texts('breaks.propose_all.what', { rupiah: rupiahOf(set.rupiahAtRisk) }),
    seen: seenOf(shownOfSet(set)),
    fields: html`${kept.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`,
    note: texts('note'),
    button: texts('breaks.propose_all', { n }),
  })}</div>`
}

function pager(filter: BreakFilter, total: number, query: URLSearchParams, texts: Texts): Markup {
  const next = filter.skip + PAGE_SIZE
  if (next >= total) return EMPTY
  const on = new URLSearchParams(query)
  on.set('skip', String(next))
  return html`<p class="pager"><a rel="next" href="/breaks?${on.toString()}">${texts('page.next')}</a></p>`
}
