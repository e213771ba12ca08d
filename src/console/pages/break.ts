import { html, type Markup } from '../../core/html.ts'
import { type BreakStory, readBreak } from '../../reconciliation/break-queries.ts'
import { type BreakField, readBreakSides } from '../../reconciliation/break-sides.ts'
import { findOpenProposal, type ProposalRow } from '../../reconciliation/proposal-queries.ts'
import { commandForm, input } from '../html/forms.ts'
import {
  badge,
  EMPTY,
  facts,
  gramsOf,
  joined,
  link,
  rupiahOf,
  safeText,
  section,
  table,
  timeTag,
} from '../html/parts.ts'
import { ConsoleProblem } from '../http/problem-pages.ts'
import { type Answer, APPROVES, type Call, MAKES_SAFER, PROPOSES, page } from '../route.ts'
import { type Shown, seenOf } from '../stale.ts'
import { type TextKey, type Texts, wordOf } from '../texts/texts.ts'
import { proposalFacts } from './proposal-facts.ts'

export interface BreakView {
  readonly story: BreakStory
  readonly proposal: ProposalRow | null
}

/** @throws ConsoleProblem when there is no such break */
export async function readBreakView({ database, params }: Call): Promise<BreakView> {
  const breakId = Number(/^\d{1,9}$/.exec(params.id ?? '')?.[0] ?? 0)
  const story = breakId > 0 ? await readBreak(database, breakId) : null
  if (story === null) throw new ConsoleProblem('not_found')
  return { story, proposal: await findOpenProposal(database, { breakId }) }
}

/** What of a break a person saw. */
export const shownOfBreak = ({ story, proposal }: BreakView): Shown => ({
  state: story.state,
  reason: story.reason,
  owner: story.owner,
  rupiahAtRisk: story.rupiahAtRisk,
  gramsAtRisk: story.gramsAtRisk,
  changes: story.events.length,
  proposal: proposal?.proposalId ?? null,
})

/** One break: both sides beside each other, its history, and what may be done about it. */
export async function breakPage(call: Call, problem?: string): Promise<Answer> {
  const { texts } = call
  const view = await readBreakView(call)
  const { story } = view
  return page({
    title: `${texts('col.break')} ${story.breakId}: ${wordOf(texts, 'break', story.type)}`,
    isLive: problem === undefined && story.state === 'open',
    ...(problem === undefined ? {} : { problem, status: 409 }),
    main: html`${factsOf(story, texts)}${await commands(call, view)}${await sides(call, story)}${history(story, texts)}`,
  })
}

function factsOf(story: BreakStory, texts: Texts): Markup {
  const order =
    story.orderId === null
      ? []
      : ([[texts('col.order'), link(`/orders/${story.orderId}`, story.orderId)]] as const)
  return facts([
    [
      texts('col.state'),
      html`${badge(story.state, wordOf(texts, 'breakstate', story.state))} ${wordOf(texts, 'reason', story.reason)}`,
    ],
    [texts('col.rupiah'), rupiahOf(story.rupiahAtRisk)],
    [texts('col.grams'), gramsOf(story.gramsAtRisk)],
    [texts('col.due'), timeTag(story.dueAt, texts)],
    [texts('col.owner'), safeText(story.owner)],
    ...order,
    [texts('today.statements'), safeText(story.statement)],
  ])
}

async function sides({ database, texts }: Call, { breakId }: BreakStory): Promise<Markup> {
  const fields = await readBreakSides(database, breakId)
  const shown = (field: BreakField['field'], value: string | null) =>
    value === null ? '–' : sideValue(field, value, texts)
  return section(
    texts('breaks.sides'),
    html`<div class="scroll" tabindex="0" role="region" aria-label="${texts('breaks.sides')}"><table>
<thead><tr><th scope="col">${texts('col.field')}</th><th scope="col">${texts('col.ours')}</th><th scope="col">${texts('col.theirs')}</th></tr></thead>
<tbody>${fields.map(
      ({ field, ours, theirs, differs }) =>
        html`<tr${differs ? html` class="differs"` : EMPTY}><th scope="row">${sideName(field, texts)}${differs ? ' ≠' : ''}</th><td>${shown(field, ours)}</td><td>${shown(field, theirs)}</td></tr>`,
    )}</tbody></table></div>`,
  )
}

const SIDES: Partial<Record<BreakField['field'], TextKey>> = {
  kind: 'col.kind',
  wallet: 'col.wallet',
  gold_weight: 'col.grams',
  amount: 'col.rupiah',
  fee: 'batches.fees',
  time: 'col.when',
}

/** The gateway's ids keep their names. */
function sideName(field: BreakField['field'], texts: Texts): string {
  const key = SIDES[field]
  return key === undefined ? field : texts(key)
}

/** A value of one side with its unit. */
function sideValue(field: BreakField['field'], value: string, texts: Texts): Markup | string {
  switch (field) {
    case 'kind':
      return wordOf(texts, 'kind', value)
    case 'gold_weight':
      return gramsOf(value)
    case 'amount':
    case 'fee':
      return rupiahOf(value)
    case 'time':
      return timeTag(new Date(value), texts)
    case 'wallet':
    case 'session_id':
    case 'response_id':
      return safeText(value)
  }
}

function history({ events }: BreakStory, texts: Texts): Markup {
  const columns = ['col.when', 'col.reason', 'col.who', 'col.note'] as const
  const rows = events.map(({ at, reason, actor, note }) => [
    timeTag(at, texts),
    wordOf(texts, 'reason', reason),
    safeText(actor),
    safeText(note ?? ''),
  ])
  const title = texts('order.events')
  return section(
    title,
    table(
      title,
      columns.map((key) => ({ heading: texts(key) })),
      rows,
    ),
  )
}

async function commands(call: Call, view: BreakView): Promise<Markup> {
  const { texts } = call
  const { story, proposal } = view
  if (story.state !== 'open') return EMPTY
  const form = (name: 'note' | 'propose' | 'approve' | 'reject') =>
    commandForm({
      id: name,
      action: `/breaks/${story.breakId}/${name}`,
      title: texts(`breaks.${name}`),
      seen: seenOf(shownOfBreak(view)),
      note: texts('note'),
      button: texts(`breaks.${name}`),
      isDangerous: false,
    })
  const assign = commandForm({
    id: 'assign',
    action: `/breaks/${story.breakId}/assign`,
    title: texts('breaks.assign'),
    seen: seenOf(shownOfBreak(view)),
    fields: input({ id: 'assign-to', name: 'to', label: texts('col.owner'), isRequired: true }),
    button: texts('breaks.assign'),
  })
  const proposed =
    proposal === null
      ? EMPTY
      : section(
          texts('order.proposal'),
          html`${await proposalFacts(call, proposal)}${joined([
            ...(call.may(...APPROVES) ? [form('approve')] : []),
            ...(call.may(...MAKES_SAFER) ? [form('reject')] : []),
          ])}`,
          'proposal',
        )
  const own = [
    ...(call.may(...PROPOSES) && proposal === null ? [form('propose')] : []),
    ...(call.may(...MAKES_SAFER) ? [assign, form('note')] : []),
  ]
  return html`<div class="commands">${proposed}${own}</div>`
}
