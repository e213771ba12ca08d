import { readTrips, type TripRow } from '../../breaker/store.ts'
import { html, type Markup } from '../../core/html.ts'
import { listRecoveries, selectRestored } from '../../recovery/store.ts'
import { type ClosedSwitch, listClosed } from '../../switches/queries.ts'
import { code, countOf, EMPTY, link, safeText, timeTag } from '../html/parts.ts'
import { scopeInWords } from '../html/scope-words.ts'
import type { Call } from '../route.ts'
import type { Texts } from '../texts/texts.ts'

type OpenRecovery = Pick<
  Awaited<ReturnType<typeof listRecoveries>>[number],
  'recoveryId' | 'held' | 'isGapCovered'
>

/** What keeps orders from being sent now. */
export interface Stopped {
  readonly closed: readonly ClosedSwitch[]
  /** What the breaker closed, with the probe under way. */
  readonly trips: readonly TripRow[]
  /** This is another database than the one remembered, and nothing has recovered it yet. */
  readonly isRestored: boolean
  /** The last recovery while something of it is left to do. */
  readonly recovery: OpenRecovery | null
}

/** Reads it by few statements: the pages that people look at most show it. */
export async function readStopped({ database }: Call): Promise<Stopped> {
  const closed = await listClosed(database, {})
  const trips = closed.length === 0 ? [] : await readTrips(database, {})
  const [found] = await selectRestored(database, {})
  const [last] = await listRecoveries(database, { limit: 1 })
  const isRestored = found?.isRestored === true
  const isOver =
    last === undefined || (last.held === 0 && closed.every(({ closedBy }) => closedBy !== 'recovery'))
  return { closed, trips, isRestored, recovery: isOver ? null : last }
}

/** Says what stands still and why, above the page's own content; nothing when orders run. */
export function stoppedNotice({ closed, trips, isRestored, recovery }: Stopped, texts: Texts): Markup {
  const lines = [
    ...(isRestored ? [restoredLine(texts)] : []),
    ...(recovery === null ? [] : [recoveryLine(recovery, texts)]),
    ...closed.map((each) => closedLine(each, trips, texts)),
  ]
  if (lines.length === 0) return EMPTY
  return html`<section class="notice problem" id="stopped" aria-labelledby="stopped-title"><h2 class="stopped-title" id="stopped-title">! ${texts('stopped')}</h2><ul class="stopped-lines">${lines.map((line) => html`<li>${line}</li>`)}</ul></section>`
}

const restoredLine = (texts: Texts): Markup =>
  html`${texts('stopped.restored')} ${code('goldpro recover orders')} ${link('/switches#recovery', texts('stopped.recovery'))}`

function recoveryLine({ recoveryId, held, isGapCovered }: OpenRecovery, texts: Texts): Markup {
  const about = { n: String(recoveryId), held: countOf(held) }
  const next = isGapCovered ? texts('stopped.recovery.covered') : texts('stopped.recovery.uncovered')
  return html`${texts('stopped.recovery.holds', about)} ${held === 0 ? EMPTY : html`${next} `}${link('/switches#recovery', texts('stopped.recovery'))}`
}

function closedLine(closed: ClosedSwitch, trips: readonly TripRow[], texts: Texts): Markup {
  const { closingId, scope, closedAt, closedBy, reason, waiting } = closed
  const trip = trips.find((each) => each.closingId === closingId)
  return html`${link('/switches', html`${texts('stopped.closed')} ${scopeInWords(scope, texts)}`)}, ${timeTag(closedAt, texts)}, ${safeText(closedBy)}: ${safeText(reason)}. ${texts('stopped.waiting', { n: countOf(waiting) })}${trip === undefined ? EMPTY : html` ${probeWords(trip, texts)}`}`
}

/** What the breaker does next about a closing of its own. */
export function probeWords({ orderId, isPaused }: TripRow, texts: Texts): Markup {
  if (orderId === null)
    return html`${texts('breaker')}: ${texts(isPaused ? 'breaker.paused' : 'breaker.choosing')}.`
  return html`${texts('breaker')}: ${link(`/orders/${orderId}`, texts('breaker.probing'))}.`
}
