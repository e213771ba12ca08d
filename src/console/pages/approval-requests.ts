import { createHash } from 'node:crypto'
import { differencesFrom } from '../../approvals/differences.ts'
import type { RequestRow } from '../../approvals/queries.ts'
import { html, type Markup } from '../../core/html.ts'
import { commandForm } from '../html/forms.ts'
import { code, EMPTY, facts, safeText, timeTag } from '../html/parts.ts'
import type { Role } from '../people.ts'
import { APPROVES, type Call, MAKES_SAFER } from '../route.ts'
import { changesIn } from './proposal-facts.ts'

/** The two ways to decide, as this person may. */
export function decisionForms(
  call: Call,
  id: string,
  action: string,
  seen: string,
  approvers: readonly Role[] = APPROVES,
): Markup {
  const { texts } = call
  const form = (name: 'approve' | 'decline') =>
    commandForm({
      id: `${id}-${name}`,
      action: `${action}/${name}`,
      title: texts(`approvals.${name}`),
      seen,
      note: texts('note'),
      button: texts(`approvals.${name}`),
    })
  return html`<div class="commands">${call.may(...approvers) ? form('approve') : EMPTY}${call.may(...MAKES_SAFER) ? form('decline') : EMPTY}</div>`
}

/** A hash of what is proposed, and of what its proposer saw: the form that decides carries it. */
export function hashOfRequest({ requestId, kind, subject, payload, seen, state }: RequestRow): string {
  const content = JSON.stringify([requestId, kind, subject, payload, seen, state])
  return createHash('sha256').update(content).digest('hex').slice(0, 16)
}

/** Changes that wait for a second person: what the proposer saw, and what has changed since. */
export async function requestCards(call: Call, requests: readonly RequestRow[]): Promise<Markup[]> {
  const cards: Markup[] = []
  for (const request of requests) cards.push(await requestCard(call, request))
  return cards
}

async function requestCard(call: Call, request: RequestRow): Promise<Markup> {
  const { texts, changeKinds, database } = call
  const kind = changeKinds.find(({ name }) => name === request.kind)
  const what = kind === undefined ? request.kind : safeText(kind.describe(request.payload))
  const changed =
    kind === undefined ? [] : differencesFrom(request.seen, await kind.readCurrent(database, request.payload))
  const id = request.requestId
  return html`<article class="card"><h3>${what}</h3>${facts([
    [texts('col.note'), safeText(request.note)],
    [texts('col.proposed_by'), html`${safeText(request.proposedBy)}, ${timeTag(request.proposedAt, texts)}`],
    [texts('approvals.seen'), code(safeText(JSON.stringify(request.seen)))],
    [texts('approvals.hash'), code(hashOfRequest(request))],
    [texts('approvals.changed'), changesIn(changed, texts)],
  ])}${decisionForms(call, `request-${id}`, `/approvals/requests/${id}`, hashOfRequest(request), request.kind === 'grant_roles' ? ['admin'] : APPROVES)}</article>`
}
