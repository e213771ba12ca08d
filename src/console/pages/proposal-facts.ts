import { differencesFrom } from '../../approvals/differences.ts'
import { html, type Markup } from '../../core/html.ts'
import type { Subject } from '../../reconciliation/proposal-facts.ts'
import type { ProposalRow } from '../../reconciliation/proposal-queries.ts'
import { readSubjectNow } from '../../reconciliation/proposal-seen.ts'
import { code, detailOf, EMPTY, facts, rupiahOf, safeText, timeTag } from '../html/parts.ts'
import type { Call } from '../route.ts'
import { hashOf, type Shown } from '../stale.ts'
import { type Texts, wordOf } from '../texts/texts.ts'

/** What was proposed in words, what its proposer saw, and what has changed since. */
export async function proposalFacts(call: Call, proposal: ProposalRow): Promise<Markup> {
  const { texts } = call
  const { decision, facts: what, note, proposedBy, proposedAt } = proposal
  const { executed, evidence } = what
  const ids =
    executed === null
      ? EMPTY
      : html`session_id ${safeText(executed.sessionId)} · response_id ${safeText(executed.responseId)}${executed.amount === null ? EMPTY : html` · ${rupiahOf(String(executed.amount))}`}`
  return facts([
    [
      texts('col.what'),
      html`${wordOf(texts, 'decision', decision)}${executed === null ? EMPTY : html` · ${ids}`}`,
    ],
    ...(evidence === null ? [] : ([[texts('order.resolve.evidence'), safeText(evidence)]] as const)),
    [texts('col.note'), safeText(note)],
    [texts('col.proposed_by'), html`${safeText(proposedBy)}, ${timeTag(proposedAt, texts)}`],
    ...(await seenAndNow(call, proposal)),
  ])
}

/** A hash of what is proposed, and of what its proposer saw. */
const hashOfProposal = ({ proposalId, decision, note, facts: what }: ProposalRow): string =>
  hashOf([proposalId, decision, note, what])

/** What of a proposal a person saw: what is proposed, and how its subject stands beside it. */
export async function readShownProposal({ database }: Call, proposal: ProposalRow): Promise<Shown> {
  const { proposalId, decision, proposedBy } = proposal
  const subject = subjectOfProposal(proposal)
  const own = { proposal: proposalId, decision, proposedBy, hash: hashOfProposal(proposal) }
  return { ...(await readSubjectNow(database, subject)), ...own }
}

async function seenAndNow(call: Call, proposal: ProposalRow) {
  const { texts } = call
  const { seen } = proposal.facts
  if (seen === undefined) return []
  return [
    [texts('approvals.seen'), detailOf(seen)],
    [texts('approvals.hash'), code(hashOfProposal(proposal))],
    [texts('approvals.changed'), changesIn(await changesOf(call, proposal), texts)],
  ] as const
}

/** What has changed in what a proposal is about since it was made, field by field. */
export async function changesOf({ database }: Call, proposal: ProposalRow): Promise<string[]> {
  const subject = subjectOfProposal(proposal)
  const { seen } = proposal.facts
  if (seen === undefined) return []
  return differencesFrom(seen, (await readSubjectNow(database, subject)) ?? {})
}

/** What has changed since a proposal, in words. */
export function changesIn(changed: readonly string[], texts: Texts): Markup {
  if (changed.length === 0) return html`${texts('approvals.unchanged')}`
  return html`<strong class="calls">! ${safeText(changed.join('; '))}</strong>`
}

function subjectOfProposal({ orderId, breakId, statementId, source }: ProposalRow): Subject {
  // A break's proposal also names the order that the break is about.
  if (breakId !== null) return { is: 'break', breakId }
  if (orderId !== null) return { is: 'order', orderId }
  if (statementId !== null) return { is: 'statement', statementId }
  return source === null ? { is: 'lag' } : { is: 'source', source }
}
