import { html, type Markup } from '../../core/html.ts'
import type { ProposalRow } from '../../reconciliation/proposal-queries.ts'
import { commandForm, input, select } from '../html/forms.ts'
import { joined, section } from '../html/parts.ts'
import type { Call } from '../route.ts'
import { APPROVES, MAKES_SAFER, PROPOSES } from '../route.ts'
import { type Shown, seenOf } from '../stale.ts'
import type { OrderView } from './order-view.ts'
import { proposalFacts } from './proposal-facts.ts'

/** What of an order a person saw, for the forms: its command is refused when this has changed. */
export const shownOfOrder = ({ story, proposal }: OrderView): Shown => ({
  state: story.state,
  reason: story.reason,
  changes: story.events.length,
  proposal: proposal?.proposalId ?? null,
})

/** The commands that this person may give to this order now. */
export async function orderCommands(call: Call, view: OrderView): Promise<Markup> {
  const { story, proposal } = view
  const { state, reason } = story
  const forms = [
    ...(state === 'accepted' && call.may(...MAKES_SAFER)
      ? [move(call, view, 'hold'), move(call, view, 'cancel')]
      : []),
    // What a recovery holds is released under Switches, by two people.
    ...(state === 'held' && reason !== 'restored' && call.may(...PROPOSES)
      ? [move(call, view, 'release')]
      : []),
    ...(state === 'in_doubt' && proposal === null && call.may(...PROPOSES) ? [resolveForm(call, view)] : []),
    ...(state === 'in_doubt' && proposal !== null ? [await decisionForms(call, view, proposal)] : []),
    ...(call.may(...MAKES_SAFER) ? [revealForm(call, view)] : []),
  ]
  return html`<div class="commands">${forms}</div>`
}

function move({ texts }: Call, view: OrderView, name: 'hold' | 'cancel' | 'release'): Markup {
  return commandForm({
    id: name,
    action: `/orders/${view.story.orderId}/${name}`,
    title: texts(`order.${name}`),
    explains: texts(`order.${name}.what`),
    seen: seenOf(shownOfOrder(view)),
    note: texts('note'),
    button: texts(`order.${name}`),
    isDangerous: name === 'cancel',
  })
}

function revealForm({ texts }: Call, { story }: OrderView): Markup {
  return commandForm({
    id: 'reveal',
    action: `/orders/${story.orderId}/phone-number`,
    title: texts('order.reveal'),
    explains: texts('order.reveal.what'),
    button: texts('order.reveal'),
  })
}

function resolveForm({ texts }: Call, view: OrderView): Markup {
  const outcomes = [
    { value: 'executed', label: texts('order.resolve.executed') },
    { value: 'not_executed', label: texts('order.resolve.not_executed') },
  ]
  const id = (name: string) => input({ id: `resolve-${name}`, name, label: name })
  const differing = (name: string, label: string) =>
    input({ id: `resolve-${name}`, name, label, hint: texts('order.resolve.differs') })
  return commandForm({
    id: 'resolve',
    action: `/orders/${view.story.orderId}/resolve`,
    title: texts('order.resolve'),
    explains: texts('order.resolve.what'),
    seen: seenOf(shownOfOrder(view)),
    fields: html`${select('resolve-outcome', 'outcome', texts('order.resolve.outcome'), outcomes, 'executed')}
${input({ id: 'resolve-evidence', name: 'evidence', label: texts('order.resolve.evidence'), isRequired: true })}
${id('session_id')}${id('response_id')}
${differing('gold_weight', texts('col.grams'))}${differing('amount', texts('col.rupiah'))}${differing('fee', 'fee')}`,
    note: texts('note'),
    button: texts('order.resolve'),
  })
}

async function decisionForms(call: Call, view: OrderView, proposal: ProposalRow): Promise<Markup> {
  const { texts } = call
  const form = (name: 'approve' | 'decline') =>
    commandForm({
      id: name,
      action: `/orders/${view.story.orderId}/${name}`,
      title: texts(`order.${name}`),
      seen: seenOf(shownOfOrder(view)),
      note: texts('note'),
      button: texts(`order.${name}`),
    })
  const forms = [
    ...(call.may(...APPROVES) ? [form('approve')] : []),
    ...(call.may(...MAKES_SAFER) ? [form('decline')] : []),
  ]
  return section(
    texts('order.proposal'),
    html`${await proposalFacts(call, proposal)}${joined(forms)}`,
    'proposal',
  )
}
