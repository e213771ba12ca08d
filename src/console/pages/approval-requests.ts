import { differencesFrom } from '../../approvals/differences.ts'
import type { RequestRow } from '../../approvals/queries.ts'
import { html, type Markup } from '../../core/html.ts'
import { commandForm } from '../html/forms.ts'
import { code, detailOf, EMPTY, facts, safeText, timeTag } from '../html/parts.ts'
import type { Role } from '../people.ts'
import { APPROVES, type Call, MAKES_SAFER } from '../route.ts'
import { hashOf, type Shown, seenOf } from '../stale.ts'
import { changesIn } from './proposal-facts.ts'

/** The two ways to decide, as this person may. */
export function decisionForms(
  call: Call,
  id: string,
  action: string,
  shown: Shown,
  approvers: readonly Role[] = APPROVES,
): Markup {
  const { texts } = call
  const form = (name: 'approve' | 'decline') =>
    commandForm({
      id: `${id}-${name}`,
      action: `${action}/${name}`,
      title: texts(`approvals.${name}`),
      seen: seenOf(shown),
      note: texts('note'),
      button: texts(`approvals.${name}`),
    })
  return html`<div class="commands">${call.may(...approvers) ? form('approve') : EMPTY}${call.may(...MAKES_SAFER) ? form('decline') : EMPTY}</div>`
}

/** A hash of what is proposed, and of what its proposer saw. */
const hashOfRequest = ({ kind, subject, payload, seen, note }: RequestRow): string =>
  hashOf([kind, subject, payload, seen, note])

/** What the request would change, as it is now; null for a kind that this program does not know. */
const readNow = async (
  { changeKinds, database }: Call,
  { kind, payload }: RequestRow,
): Promise<Shown | null> =>
  (await changeKinds.find(({ name }) => name === kind)?.readCurrent(database, payload)) ?? null

/** What of a request a person saw: what is proposed, and how things stand beside it. */
export async function readShownRequest(call: Call, request: RequestRow): Promise<Shown> {
  const { requestId, state } = request
  const own = { request: requestId, request_state: state, content: hashOfRequest(request) }
  return { ...(await readNow(call, request)), ...own }
}

/** Changes that wait for a second person: what the proposer saw, and what has changed since. */
export async function requestCards(call: Call, requests: readonly RequestRow[]): Promise<Markup[]> {
  const cards: Markup[] = []
  for (const request of requests) cards.push(await requestCard(call, request))
  return cards
}

async function requestCard(call: Call, request: RequestRow): Promise<Markup> {
  const { texts, changeKinds } = call
  const kind = changeKinds.find(({ name }) => name === request.kind)
  const what = kind === undefined ? request.kind : safeText(kind.describe(request.payload))
  const now = await readNow(call, request)
  const changed = now === null ? [] : differencesFrom(request.seen, now)
  const id = request.requestId
  const forms = decisionForms(
    call,
    `request-${id}`,
    `/approvals/requests/${id}`,
    await readShownRequest(call, request),
    request.kind === 'grant_roles' ? ['admin'] : APPROVES,
  )
  return html`<article class="card"><h3>${what}</h3>${facts([
    [texts('col.note'), safeText(request.note)],
    [texts('col.proposed_by'), html`${safeText(request.proposedBy)}, ${timeTag(request.proposedAt, texts)}`],
    [texts('approvals.seen'), detailOf(request.seen)],
    [texts('approvals.hash'), code(hashOfRequest(request))],
    [texts('approvals.changed'), changesIn(changed, texts)],
  ])}${forms}</article>`
}
