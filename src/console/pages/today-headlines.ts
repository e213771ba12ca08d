import { countOpenRequests } from '../../approvals/queries.ts'
import { listBatches } from '../../batches/queries.ts'
import { html, type Markup } from '../../core/html.ts'
import { measureOrders } from '../../orders/queries/order-figures.ts'
import { listProposals } from '../../reconciliation/proposal-queries.ts'
import { readBreakFigures, readDoubtFigures } from '../../reconciliation/report/read-at-risk.ts'
import { listEndpoints } from '../../webhooks/endpoints.ts'
import { countOf, EMPTY, gramsOf, rupiahOf } from '../html/parts.ts'
import type { Call } from '../route.ts'

/** One figure that leads to its list. */
interface Headline {
  readonly title: string
  readonly figure: string
  readonly details: readonly string[]
  readonly href: string
  readonly needsAttention: boolean
}

function headline({ title, figure, details, href, needsAttention }: Headline): Markup {
  return html`<li class="${needsAttention ? 'calls' : 'calm'}"><a href="${href}"><span>${title}</span><b>${needsAttention ? html`<span aria-hidden="true">! </span>` : EMPTY}${figure}</b>${details.map((each) => html`<span>${each}</span>`)}</a></li>`
}

/** The figures above everything else. */
export async function headlines(call: Call): Promise<Markup> {
  const all = [await doubtHeadline(call), await breakHeadline(call), await approvalHeadline(call)]
  const others = [await orderHeadline(call), await batchHeadline(call), await endpointHeadline(call)]
  return html`<ul class="headlines">${[...all, ...others].map(headline)}</ul>`
}

async function doubtHeadline({ database, texts }: Call): Promise<Headline> {
  const { all } = await readDoubtFigures(database)
  const grams = all.gramsAtRisk === '0.0000' ? [] : [gramsOf(all.gramsAtRisk)]
  return {
    title: texts('today.in_doubt'),
    figure: rupiahOf(all.rupiahAtRisk),
    details: [...grams, texts('today.orders', { n: countOf(all.count) })],
    href: '/orders?state=in_doubt',
    needsAttention: all.count > 0,
  }
}

async function breakHeadline({ database, texts }: Call): Promise<Headline> {
  const { all } = await readBreakFigures(database)
  const grams = all.gramsAtRisk === '0.0000' ? [] : [gramsOf(all.gramsAtRisk)]
  const risk = [rupiahOf(all.rupiahAtRisk), ...grams].join(' + ')
  return {
    title: texts('today.breaks'),
    figure: countOf(all.count),
    details: [texts('today.overdue', { n: countOf(all.overdue) }), texts('today.at_risk', { risk })],
    href: all.overdue > 0 ? '/breaks?overdue=yes' : '/breaks',
    needsAttention: all.overdue > 0,
  }
}

const MOST_COUNTED = 500

async function approvalHeadline({ database, texts, operator, may }: Call): Promise<Headline> {
  const proposals = await listProposals(database, true, MOST_COUNTED)
  const [changes] = await countOpenRequests(database, { by: operator.name })
  const others = proposals.filter(({ proposedBy }) => proposedBy !== operator.name).length
  const mine = may('checker') ? others + (changes?.byOthers ?? 0) : 0
  return {
    title: texts('today.approvals'),
    figure: countOf(proposals.length + (changes?.all ?? 0)),
    details: [texts('today.for_me', { n: countOf(mine) })],
    href: '/approvals',
    needsAttention: mine > 0,
  }
}

async function orderHeadline({ database, texts }: Call): Promise<Headline> {
  const { orders } = await measureOrders(database)
  const count = (...states: readonly string[]) =>
    orders.filter(({ state }) => states.includes(state)).reduce((sum, row) => sum + row.count, 0)
  const held = count('held')
  return {
    title: texts('today.open_orders'),
    figure: countOf(count('accepted', 'confirming')),
    details: [texts('today.held', { n: countOf(held) })],
    href: held > 0 ? '/orders?state=held' : '/orders?state=accepted',
    needsAttention: held > 0,
  }
}

async function batchHeadline({ database, texts }: Call): Promise<Headline> {
  const batches = await listBatches(database, MOST_COUNTED, false, 0)
  const running = batches.filter(({ state }) => state === 'running')
  const left = running.reduce((sum, { rows, fed }) => sum + rows - fed, 0)
  return {
    title: texts('today.batches'),
    figure: countOf(running.length),
    details: [texts('today.rows_left', { n: countOf(left) })],
    href: '/batches',
    needsAttention: batches.some(({ state }) => state === 'paused'),
  }
}

async function endpointHeadline({ database, texts }: Call): Promise<Headline> {
  const endpoints = await listEndpoints(database, { partner: null, removedToo: false })
  const bad = endpoints.filter(
    ({ failingSince, state, pausedBecause }) =>
      failingSince !== null || (state === 'paused' && pausedBecause !== 'person'),
  )
  return {
    title: texts('today.endpoints'),
    figure: countOf(bad.length),
    details: [texts('today.endpoints.of', { n: countOf(endpoints.length) })],
    href: bad.length > 0 ? `/partners/${bad[0]?.partner}` : '/partners',
    needsAttention: bad.length > 0,
  }
}
