import { html, type Markup } from '../../core/html.ts'
import { selectRestored } from '../../recovery/store.ts'
import { closeSwitch, proposeOpening } from '../../switches/commands.ts'
import {
  type ClosedSwitch,
  type Closing,
  findClosed,
  listClosed,
  listClosings,
} from '../../switches/queries.ts'
import { formatScope, readScope, SCOPE_EXPECTED } from '../../switches/scope.ts'
import { checkbox, commandForm, input } from '../html/forms.ts'
import {
  badge,
  countOf,
  EMPTY,
  empty,
  facts,
  joined,
  safeText,
  section,
  table,
  timeTag,
} from '../html/parts.ts'
import { scopeInWords } from '../html/scope-words.ts'
import { type Answer, type Call, done, MAKES_SAFER, PROPOSES, page } from '../route.ts'
import { type Shown, seenOf, staleness } from '../stale.ts'
import { breakerSection } from './breaker.ts'
import { recoverySection } from './recovery.ts'

const MOST_SHOWN = 30

/** What is closed, and the commands to close at once and to propose an opening. */
export async function switchesPage(call: Call, problem?: string): Promise<Answer> {
  const { database, texts } = call
  const closed = await listClosed(database, {})
  const [found] = await selectRestored(database, {})
  const isRestored = found?.isRestored === true
  const past = await listClosings(database, { limit: MOST_SHOWN })
  const columns = ['col.when', 'col.what', 'col.reason', 'col.who', 'switches.opened'] as const
  const rows = past.map((each) => [
    timeTag(each.closedAt, texts),
    scopeInWords(each.scope, texts),
    safeText(each.reason),
    safeText(each.closedBy),
    each.openedAt === null
      ? badge('open', texts('switches.closed'))
      : html`${timeTag(each.openedAt, texts)} ${safeText(each.openedBy)}`,
  ])
  const title = texts('order.events')
  return page({
    title: texts('nav.switches'),
    isLive: problem === undefined,
    ...(problem === undefined ? {} : { problem, status: 409 }),
    main: html`${section(texts('switches.now'), closed.length === 0 ? empty(texts(isRestored ? 'switches.none.restored' : 'switches.none')) : joined(closed.map((each) => card(call, each, isRestored))))}
${call.may(...MAKES_SAFER) ? html`<div class="commands">${closeForm(call)}</div>` : EMPTY}
${
  rows.length === 0
    ? EMPTY
    : section(
        title,
        table(
          title,
          columns.map((key) => ({ heading: texts(key) })),
          rows,
        ),
      )
}${await breakerSection(call)}${await recoverySection(call)}`,
  })
}

/** What of a closing a person saw: closed again, it is another one. */
const shownOfClosing = ({ closingId, reason, closedBy, extendsDeadlines }: Closing): Shown => ({
  closing: closingId,
  reason,
  closedBy,
  extendsDeadlines,
})

function card(call: Call, closed: ClosedSwitch, isRestored: boolean): Markup {
  const { closingId, scope, reason, closedBy, closedAt, waiting, extendsDeadlines } = closed
  const { texts } = call
  const form = commandForm({
    id: `open-${closingId}`,
    action: '/switches/open',
    title: texts('switches.open'),
    ...(isRestored ? { explains: texts('switches.restored') } : {}),
    seen: seenOf(shownOfClosing(closed)),
    fields: html`<input type="hidden" name="scope" value="${scope}">`,
    note: texts('note'),
    button: texts('switches.open'),
  })
  return html`<article class="card"><h3>${badge('overdue', texts('switches.closed'))} ${scopeInWords(scope, texts)}</h3>${facts(
    [
      [texts('col.reason'), safeText(reason)],
      [texts('col.who'), html`${safeText(closedBy)}, ${timeTag(closedAt, texts)}`],
      [texts('switches.waiting'), countOf(waiting)],
      [
        texts('switches.deadlines'),
        texts(extendsDeadlines ? 'switches.deadlines.stop' : 'switches.deadlines.run'),
      ],
    ],
  )}${call.may(...PROPOSES) ? form : EMPTY}</article>`
}

function closeForm({ texts }: Call): Markup {
  return commandForm({
    id: 'close',
    action: '/switches/close',
    title: texts('switches.close'),
    explains: texts('switches.close.what'),
    fields: html`${input({ id: 'close-scope', name: 'scope', label: texts('switches.scope'), value: 'everything', hint: SCOPE_EXPECTED, isRequired: true })}
${checkbox('close-extends', 'extends', texts('switches.extends'))}`,
    note: texts('note'),
    button: texts('switches.close'),
    isDangerous: true,
  })
}

export async function close(call: Call): Promise<Answer> {
  const { form } = call
  const scope = readScope((form.get('scope') ?? '').trim())
  if (scope === null) return await switchesPage(call, SCOPE_EXPECTED)
  const person = call.person((form.get('note') ?? '').trim())
  const extendsDeadlines = form.get('extends') === 'yes'
  const result = await call.inSession((session) => closeSwitch(session, person, scope, { extendsDeadlines }))
  return result.is === 'refused'
    ? await switchesPage(call, result.message)
    : done('/switches', 'switch_closed')
}

export async function open(call: Call): Promise<Answer> {
  const { form } = call
  const scope = readScope((form.get('scope') ?? '').trim())
  if (scope === null) return await switchesPage(call, SCOPE_EXPECTED)
  const [closing] = await findClosed(call.database, { scope: formatScope(scope) })
  const stale = staleness(call, closing === undefined ? null : shownOfClosing(closing))
  if (stale !== null) return await switchesPage(call, stale)
  const person = call.person((form.get('note') ?? '').trim())
  const result = await call.inSession((session) => proposeOpening(session, person, scope))
  return result.is === 'refused' ? await switchesPage(call, result.message) : done('/approvals', 'proposed')
}
