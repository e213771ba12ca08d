import { listRequests } from '../../approvals/queries.ts'
import { listBatches } from '../../batches/queries.ts'
import { html, type Markup } from '../../core/html.ts'
import { listProposals, type ProposalRow } from '../../reconciliation/proposal-queries.ts'
import {
  badge,
  countOf,
  EMPTY,
  empty,
  facts,
  joined,
  link,
  rupiahOf,
  safeText,
  section,
  table,
  timeTag,
} from '../html/parts.ts'
import { type Answer, type Call, page } from '../route.ts'
import { type Texts, wordOf } from '../texts/texts.ts'
import { groupsOf, readShownGroup, sumOf, type WriteOffGroup } from './approval-groups.ts'
import { decisionForms, requestCards } from './approval-requests.ts'
import { changesIn, changesOf, proposalFacts, readShownProposal } from './proposal-facts.ts'

const MOST_SHOWN = 500

export interface Extras {
  readonly problem?: string
  readonly results?: Markup
}

/** Everything that one person proposed and another must decide. */
export async function approvalsPage(call: Call, shown: Extras = {}): Promise<Answer> {
  const { database, texts } = call
  const proposals = await listProposals(database, true, MOST_SHOWN)
  const requests = await listRequests(database, { state: 'open', limit: MOST_SHOWN, skip: 0 })
  const batches = (await listBatches(database, MOST_SHOWN, false, 0)).filter(
    ({ state }) => state === 'checked',
  )
  const grouped = groupsOf(proposals)
  const inGroups = new Set(grouped.flatMap((group) => group.proposals.map(({ proposalId }) => proposalId)))
  const cards = [
    ...(await requestCards(call, requests)),
    ...(await cardsOf(grouped, (group) => groupCard(call, group))),
    ...(await cardsOf(
      proposals.filter(({ proposalId }) => !inGroups.has(proposalId)),
      (each) => proposalCard(call, each),
    )),
    ...batches.map(
      ({ batchId, fileName, createdBy, rows }) =>
        html`<article class="card"><h3>${link(`/batches/${batchId}`, `${texts('decision.batch')} ${batchId}`)}</h3>${facts(
          [
            [texts('col.file'), safeText(fileName)],
            [texts('col.rows'), countOf(rows)],
            [texts('col.proposed_by'), safeText(createdBy)],
          ],
        )}</article>`,
    ),
  ]
  return page({
    title: texts('nav.approvals'),
    isLive: shown.problem === undefined,
    ...(shown.problem === undefined ? {} : { problem: shown.problem, status: 409 }),
    main: html`${shown.results ?? EMPTY}${section(texts('approvals.waiting'), cards.length === 0 ? empty(texts('approvals.none')) : joined(cards), 'waiting')}${await decided(call)}`,
  })
}

/** One card after the other: each asks what has changed since. */
async function cardsOf<Each>(all: readonly Each[], draw: (each: Each) => Promise<Markup>): Promise<Markup[]> {
  const cards: Markup[] = []
  for (const each of all) cards.push(await draw(each))
  return cards
}

async function groupCard(call: Call, group: WriteOffGroup): Promise<Markup> {
  const { texts } = call
  const first = group.proposals[0]?.proposalId ?? 0
  const title = texts('approvals.group', {
    n: countOf(group.proposals.length),
    rupiah: rupiahOf(String(sumOf(group))),
  })
  const breaks = group.proposals.map(({ breakId }) => html`${link(`/breaks/${breakId}`, String(breakId))} `)
  return html`<article class="card"><h3>${title}</h3>${facts([
    [texts('col.note'), safeText(group.note)],
    [texts('col.proposed_by'), safeText(group.proposedBy)],
    [texts('nav.breaks'), joined(breaks)],
    [texts('approvals.changed'), changesIn(await changedInGroup(call, group), texts)],
  ])}${decisionForms(call, `group-${first}`, `/approvals/groups/${first}`, await readShownGroup(call, group))}</article>`
}

/** What has changed in the breaks of a group since they were proposed. */
async function changedInGroup(call: Call, { proposals }: WriteOffGroup): Promise<string[]> {
  const changed: string[] = []
  for (const proposal of proposals)
    for (const each of await changesOf(call, proposal))
      changed.push(`${call.texts('col.break')} ${proposal.breakId}: ${each}`)
  return changed
}

async function proposalCard(call: Call, proposal: ProposalRow): Promise<Markup> {
  const { texts } = call
  const { proposalId, statementId, source } = proposal
  const isDeclaration = statementId !== null || source !== null || proposal.decision === 'lag_shortened'
  const forms = isDeclaration
    ? decisionForms(
        call,
        `proposal-${proposalId}`,
        `/approvals/proposals/${proposalId}`,
        await readShownProposal(call, proposal),
      )
    : EMPTY
  return html`<article class="card"><h3>${subjectOf(proposal, texts)}</h3>${await proposalFacts(call, proposal)}${forms}</article>`
}

/** What a proposal is about, with the way to where it is decided. */
export function subjectOf(proposal: ProposalRow, texts: Texts): Markup {
  const { decision, orderId, breakId, statementId, source, partner, reference } = proposal
  const what = wordOf(texts, 'decision', decision)
  if (orderId !== null)
    return html`${what}: ${link(`/orders/${orderId}#proposal`, `${partner}/${reference}`)}`
  if (breakId !== null) {
    const risk = proposal.rupiahAtRisk === null ? '' : `, ${rupiahOf(proposal.rupiahAtRisk)}`
    return html`${what}: ${link(`/breaks/${breakId}#proposal`, `${texts('col.break')} ${breakId}${risk}`)}`
  }
  if (statementId !== null)
    return html`${what}: ${link(`/reconciliation/statements/${statementId}`, `${texts('today.statements')} ${statementId}`)}`
  return html`${what}${source === null ? '' : `: ${safeText(source)}`}`
}

async function decided({ database, texts }: Call): Promise<Markup> {
  const proposals = await listProposals(database, false, 20)
  const requests = await listRequests(database, { state: null, limit: 20, skip: 0 })
  const rows = [
    ...proposals.map((each) => ({ ...each, what: subjectOf(each, texts) })),
    ...requests
      .filter(({ state }) => state !== 'open')
      .map((each) => ({ ...each, what: html`${each.kind} ${safeText(each.subject)}` })),
  ]
  const newest = rows
    .sort((a, b) => (b.decidedAt?.getTime() ?? 0) - (a.decidedAt?.getTime() ?? 0))
    .slice(0, 20)
  if (newest.length === 0) return EMPTY
  const columns = ['col.when', 'col.what', 'col.state', 'col.proposed_by', 'col.who', 'col.note'] as const
  const cells = newest.map((each) => [
    timeTag(each.decidedAt, texts),
    each.what,
    html`${badge(each.state, wordOf(texts, 'request', each.state))}${each.alone ? html` <strong>${texts('approvals.alone')}</strong>` : EMPTY}`,
    safeText(each.proposedBy),
    safeText(each.decidedBy),
    safeText(each.decisionNote),
  ])
  const title = texts('approvals.decided')
  return section(
    title,
    table(
      title,
      columns.map((key) => ({ heading: texts(key) })),
      cells,
    ),
  )
}
