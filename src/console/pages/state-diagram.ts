import { html, type Markup } from '../../core/html.ts'
import { type OrderState, TRANSITIONS } from '../../orders/lifecycle.ts'
import type { OrderEvent } from '../../orders/queries/order-story.ts'
import { timeTag } from '../html/parts.ts'
import { type Texts, wordOf } from '../texts/texts.ts'

const WIDTH = 118
const HEIGHT = 34

/** Where each state is drawn: its left upper corner. */
const PLACES: Readonly<Record<OrderState, readonly [number, number]>> = {
  held: [10, 20],
  accepted: [10, 110],
  confirming: [190, 110],
  in_doubt: [370, 200],
  succeeded: [550, 20],
  rejected: [550, 110],
  expired: [190, 200],
  cancelled: [10, 200],
}

const statesOf = (events: readonly OrderEvent[], texts: Texts): string[] =>
  events.map(({ toState }) => wordOf(texts, 'state', toState))

/** The way that an order took, as a list in words: what the diagram shows, for who does not see it. */
export function wayInWords(events: readonly OrderEvent[], texts: Texts): Markup {
  const steps = events.map(
    ({ at, reason }, position) =>
      html`<li><b>${statesOf(events, texts)[position] ?? ''}</b> ${wordOf(texts, 'reason', reason)}, ${timeTag(at, texts)}</li>`,
  )
  return html`<ol class="way">${steps}</ol>`
}

/** The lifecycle with the way that an order took. */
export function stateDiagram(events: readonly OrderEvent[], texts: Texts): Markup {
  const taken = new Set(events.map(({ fromState, toState }) => `${fromState}>${toState}`))
  const visited = new Set<OrderState>(events.map(({ toState }) => toState))
  const now = events.at(-1)?.toState
  const moves = new Map<string, readonly [OrderState, OrderState]>()
  for (const { from, to } of Object.values(TRANSITIONS))
    if (from !== null) moves.set(`${from}>${to}`, [from, to])
  const way = statesOf(events, texts).join(' → ')
  return html`<svg class="diagram" viewBox="0 0 690 250" role="img" aria-label="${way}">
${[...moves].map(([key, [from, to]]) => edge(from, to, taken.has(key)))}
${(Object.keys(PLACES) as OrderState[]).map((state) => {
  const kind = state === now ? 'now' : visited.has(state) ? 'visited' : 'unvisited'
  const [x, y] = PLACES[state]
  return html`<g class="${kind}"><rect x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="6"/><text x="${x + WIDTH / 2}" y="${y + 22}" text-anchor="middle">${wordOf(texts, 'state', state)}</text></g>
`
})}</svg>`
}

/** A line from the border of one box to the border of the other. */
function edge(from: OrderState, to: OrderState, isTaken: boolean): Markup {
  const [x1, y1] = centreOf(from)
  const [x2, y2] = centreOf(to)
  const [startX, startY] = borderOf(x1, y1, x2, y2)
  const [endX, endY] = borderOf(x2, y2, x1, y1)
  // Two moves between the same states lie side by side.
  const shift = y1 === y2 ? (x1 < x2 ? -5 : 5) : x1 === x2 ? (y1 < y2 ? -5 : 5) : 0
  const [dx, dy] = y1 === y2 ? [0, shift] : [shift, 0]
  return html`<line class="${isTaken ? 'taken' : 'possible'}" x1="${startX + dx}" y1="${startY + dy}" x2="${endX + dx}" y2="${endY + dy}"/>`
}

const centreOf = (state: OrderState): readonly [number, number] => [
  PLACES[state][0] + WIDTH / 2,
  PLACES[state][1] + HEIGHT / 2,
]

function borderOf(x: number, y: number, toX: number, toY: number): readonly [number, number] {
  const scale = Math.min(
    toX === x ? Number.POSITIVE_INFINITY : WIDTH / 2 / Math.abs(toX - x),
    toY === y ? Number.POSITIVE_INFINITY : HEIGHT / 2 / Math.abs(toY - y),
  )
  return [Math.round(x + (toX - x) * scale), Math.round(y + (toY - y) * scale)]
}
