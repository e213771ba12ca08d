import { createHash } from 'node:crypto'
import { differencesFrom } from '../../approvals/differences.ts'
import { html, type Markup } from '../../core/html.ts'
import type { Subject } from '../../reconciliation/proposal-facts.ts'
import type { ProposalRow } from '../../reconciliation/proposal-queries.ts'
import { readSubjectNow } from '../../reconciliation/proposal-seen.ts'
import { code, EMPTY, facts, rupiahOf, safeText, timeTag } from '../html/parts.ts'
import type { Call } from '../route.ts'
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
export function hashOfProposal({ proposalId, decision, note, facts: what }: ProposalRow): string {
  const content = JSON.stringify([proposalId, decision, note, what])
  return createHash('sha256').update(content).digest('hex').slice(0, 16)
}

async function seenAndNow(call: Call, proposal: ProposalRow) {
  const { texts } = call
  const { seen } = proposal.facts
  if (seen === undefined) return []
  return [
    [texts('approvals.seen'), code(safeText(JSON.stringify(seen)))],
    [texts('approvals.hash'), code(hashOfProposal(proposal))],
    [texts('approvals.changed'), changesIn(await changesOf(call, proposal), texts)],
  ] as const
}

/** What has changed in what a proposal is about since it was made, field by field. */
export async function changesOf({ database }: Call, proposal: ProposalRow): Promise<string[]> {
  const subject = subjectOfProposal(proposal)
  const { seen } = proposal.facts
  if (subject === null || seen === undefined) return []
  return differencesFrom(seen, (await readSubjectNow(database, subject)) ?? {})
}

/** What has changed since a proposal, in words. */
export function changesIn(changed: readonly string[], texts: Texts): Markup {
  if (changed.length === 0) return html`${texts('approvals.unchanged')}`
  return html`<strong class="calls">! ${safeText(changed.join('; '))}</strong>`
}

function subjectOfProposal({ orderId, breakId, statementId }: ProposalRow): Subject | null {
  // A break's proposal also names the order that the break is about.
  if (breakId !== null) return { is: 'break', breakId }
  if (orderId !== null) return { is: 'order', orderId }
  return statementId === null ? null : { is: 'statement', statementId }
}
