import { formatDecimal, formatMoney, formatWeight, NOTHING } from '../../core/format.ts'
import { html, Markup } from '../../core/html.ts'
import { maskNumbersIn } from '../../core/masking.ts'
import type { TextKey, Texts } from '../texts/texts.ts'

export const EMPTY = new Markup('')

/** Free text that somebody outside wrote: numbers of people are masked, and nothing invisible is shown. */
export function safeText(text: string | null): string {
  return text === null ? NOTHING : maskNumbersIn(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}

/** What a move was noted with, as people read it: the note alone, or each fact with its name. */
export function detailOf(detail: Readonly<Record<string, unknown>> | null): string {
  const facts = Object.entries(detail ?? {}).filter(([, value]) => value !== null)
  const shown = (value: unknown) => safeText(typeof value === 'string' ? value : JSON.stringify(value))
  return facts
    .map(([name, value]) =>
      name === 'note' ? shown(value) : `${name.replaceAll('_', ' ')}: ${shown(value)}`,
    )
    .join(' · ')
}

export const rupiahOf = (digits: string | null): string => (digits === null ? NOTHING : formatMoney(digits))
export const gramsOf = (digits: string | null): string => (digits === null ? NOTHING : formatWeight(digits))
export const countOf = (count: number | string): string => formatDecimal(String(count))

const MONTHS = {
  id: ['Jan', 'Feb', 'Mar', 'Apr', 'Mei', 'Jun', 'Jul', 'Agu', 'Sep', 'Okt', 'Nov', 'Des'],
  en: ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'],
}

/** Western Indonesia has had one offset since 1964 and no summer time. */
const JAKARTA_MS = 7 * 3_600_000

/** A day in Jakarta: "09 Feb 2026". */
export function dayInWords(moment: Date, texts: Texts): string {
  const local = new Date(moment.getTime() + JAKARTA_MS).toISOString()
  const month = MONTHS[texts.language][Number(local.slice(5, 7)) - 1] ?? ''
  return `${local.slice(8, 10)} ${month} ${local.slice(0, 4)}`
}

/** A time in Jakarta with its zone; UTC is its title. */
export function timeTag(moment: Date | null, texts: Texts): Markup {
  if (moment === null) return html`${NOTHING}`
  const local = new Date(moment.getTime() + JAKARTA_MS).toISOString()
  const utc = `${moment.toISOString().slice(0, 19)}Z`
  return html`<time datetime="${utc}" title="${utc.replace('T', ' ').replace('Z', ' UTC')}">${dayInWords(moment, texts)} ${local.slice(11, 19)} WIB</time>`
}

/** A span of time in its largest units. */
export function spanOf(ms: number, texts: Texts): string {
  const minutes = Math.max(Math.round(ms / 60_000), 0)
  if (minutes < 90) return texts('span.minutes', { n: String(minutes) })
  const hours = Math.round(minutes / 60)
  return hours < 48
    ? texts('span.hours', { n: String(hours) })
    : texts('span.days', { n: String(Math.round(hours / 24)) })
}

/** A state with a sign: no state is told by its colour alone. */
export function badge(state: string, label: string): Markup {
  return html`<span class="badge b-${state.replace(/[^a-z_]/g, '')}"><span aria-hidden="true">${SIGNS[state] ?? '•'}</span> ${label}</span>`
}

const SIGNS: Readonly<Record<string, string>> = {
  succeeded: '✓',
  finished: '✓',
  approved: '✓',
  active: '✓',
  delivered: '✓',
  rejected: '✕',
  declined: '✕',
  cancelled: '⊘',
  removed: '⊘',
  expired: '⌛',
  in_doubt: '?',
  held: '‖',
  paused: '‖',
  suspended: '‖',
  overdue: '!',
  given_up: '!',
  failing: '!',
  confirming: '→',
  running: '→',
  accepted: '…',
  open: '…',
  pending: '…',
}

export interface Column {
  readonly heading: string
  readonly isNumber?: boolean
}

/** Columns by the keys of their headings. @param numbers the positions of those that have numbers */
export const columnsOf = (
  texts: Texts,
  keys: readonly TextKey[],
  numbers: readonly number[] = [],
): Column[] => keys.map((key, position) => ({ heading: texts(key), isNumber: numbers.includes(position) }))

/** A table that scrolls in its own region on narrow screens. `j` and `k` go through its rows. */
export function table(
  label: string,
  columns: readonly Column[],
  rows: readonly (readonly (Markup | string)[])[],
): Markup {
  const classOf = (position: number) => (columns[position]?.isNumber === true ? 'number' : 'text')
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table>
<thead><tr>${columns.map(({ heading }, position) => html`<th scope="col" class="${classOf(position)}">${heading}</th>`)}</tr></thead>
<tbody>${rows.map(
    (
      cells,
    ) => html`<tr data-row>${cells.map((cell, position) => html`<td class="${classOf(position)}">${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>`
}

/** Names and values. */
export function facts(pairs: readonly (readonly [string, Markup | string])[]): Markup {
  return html`<dl class="facts">${pairs.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

export function section(title: string, body: Markup, id?: string): Markup {
  return html`<section${id === undefined ? EMPTY : html` id="${id}"`}><h2>${title}</h2>${body}</section>`
}

export const empty = (text: string): Markup => html`<p class="empty">${text}</p>`
export const link = (href: string, text: Markup | string): Markup => html`<a href="${href}">${text}</a>`
export const code = (text: string | null): Markup => html`<code>${text ?? NOTHING}</code>`

/** The parts of a list side by side. */
export const joined = (parts: readonly Markup[]): Markup => html`${parts}`
