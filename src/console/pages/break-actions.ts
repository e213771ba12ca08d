import { html } from '../../core/html.ts'
import type { CommandResult, Person } from '../../operators/person-commands.ts'
import type { Session } from '../../postgres/session.ts'
import {
  approveWriteOff,
  assignBreak,
  declineWriteOff,
  noteOnBreak,
  proposeWriteOff,
  proposeWriteOffs,
} from '../../reconciliation/break-commands.ts'
import { readBreakSelection } from '../../reconciliation/break-filter.ts'
import { readBreakSet } from '../../reconciliation/break-queries.ts'
import { link, safeText, section, table } from '../html/parts.ts'
import { type Answer, type Call, done } from '../route.ts'
import { staleness } from '../stale.ts'
import { breakPage, readBreakView, shownOfBreak } from './break.ts'
import { breaksPage, shownOfSet } from './breaks.ts'

type Work = (
  session: Session,
  breakId: number,
  person: Person,
  onePersonTeam: boolean,
) => Promise<CommandResult<object>>

const noteOf = (call: Call): string => (call.form.get('note') ?? '').trim()

/** Gives a command to a break, unless the person saw something else than there is now. */
const commandOf =
  (said: string, work: Work) =>
  async (call: Call): Promise<Answer> => {
    const view = await readBreakView(call)
    const stale = staleness(call, shownOfBreak(view))
    if (stale !== null) return await breakPage(call, stale)
    const { breakId } = view.story
    const result = await call.inSession((session) =>
      work(session, breakId, call.person(noteOf(call)), call.onePersonTeam),
    )
    if (result.is === 'refused') return await breakPage(call, result.message)
    return done(`/breaks/${breakId}`, said)
  }

export const note = commandOf('noted', noteOnBreak)
export const propose = commandOf('proposed', proposeWriteOff)
export const approve = commandOf('written_off', approveWriteOff)
export const reject = commandOf('declined', declineWriteOff)

export async function assign(call: Call): Promise<Answer> {
  const view = await readBreakView(call)
  const stale = staleness(call, shownOfBreak(view))
  if (stale !== null) return await breakPage(call, stale)
  const { story } = view
  const to = (call.form.get('to') ?? '').trim()
  const result = await call.inSession((session) =>
    assignBreak(session, story.breakId, { ...call.person(`to ${to}`), to }),
  )
  if (result.is === 'refused') return await breakPage(call, result.message)
  return done(`/breaks/${story.breakId}`, 'assigned')
}

/** As many breaks as one form proposes: each is a command of its own, with a result of its own. */
const MOST_AT_ONCE = 1_000

async function listOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = []
  for await (const item of items) list.push(item)
  return list
}

/** Proposes to write off every break of a filter, unless they are not those that the person saw. */
export async function proposeAll(call: Call): Promise<Answer> {
  const { form, database, texts } = call
  const set = await readBreakSet(database, readBreakSelection(form))
  const { breakIds } = set
  const stale = staleness(call, shownOfSet(set))
  if (stale !== null) return await breaksPage(call, { problem: stale })
  const results = await call.inSession((session) =>
    listOf(proposeWriteOffs(session, breakIds.slice(0, MOST_AT_ONCE), call.person(noteOf(call)))),
  )
  const columns = [{ heading: texts('col.break') }, { heading: texts('col.outcome') }]
  const rows = results.map(([breakId, result]) => [
    link(`/breaks/${breakId}`, String(breakId)),
    result.is === 'done' ? `✓ ${texts('breaks.proposed')}` : `✕ ${safeText(result.message)}`,
  ])
  const title = texts('breaks.results')
  return await breaksPage(call, { results: html`${section(title, table(title, columns, rows), 'results')}` })
}
