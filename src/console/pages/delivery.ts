import { html, type Markup } from '../../core/html.ts'
import { databaseOf } from '../../operators/acting.ts'
import { shownUrl } from '../../webhooks/endpoint-url.ts'
import { type EventDelivery, readEventDeliveries } from '../../webhooks/event-deliveries.ts'
import { listTries } from '../../webhooks/read-deliveries.ts'
import { replayDeliveries } from '../../webhooks/replay-deliveries.ts'
import { orRefusal, Refused } from '../command-outcome.ts'
import { commandForm } from '../html/forms.ts'
import {
  badge,
  code,
  columnsOf,
  EMPTY,
  empty,
  facts,
  link,
  safeText,
  section,
  table,
  timeTag,
} from '../html/parts.ts'
import { ConsoleProblem } from '../http/problem-pages.ts'
import { type Answer, type Call, done, PROPOSES, page } from '../route.ts'
import { type Shown, seenOf, staleness } from '../stale.ts'
import { type Texts, wordOf } from '../texts/texts.ts'
import { placeOf } from './partners.ts'

const EVENT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const SHOWN_REPLY = 300

interface EventView {
  readonly first: EventDelivery
  readonly deliveries: readonly EventDelivery[]
}

/** @throws ConsoleProblem when there is no such event */
async function readEventView({ database, params }: Call): Promise<EventView> {
  const { id = '' } = params
  const deliveries = EVENT_ID.test(id) ? await readEventDeliveries(database, { eventId: id }) : []
  const [first] = deliveries
  if (first === undefined) throw new ConsoleProblem('not_found')
  return { first, deliveries }
}

/** What of an event's deliveries a person saw. */
const shownOf = (deliveries: readonly EventDelivery[]): Shown =>
  Object.fromEntries(
    deliveries.map(({ endpointId, state, tries }) => [
      `endpoint ${endpointId}`,
      `${state} after ${tries} tries`,
    ]),
  )

/** One event: how it stands at each endpoint, every try, and sending it again. */
export async function deliveryPage(call: Call, problem?: string): Promise<Answer> {
  const { texts } = call
  const { first, deliveries } = await readEventView(call)
  const { orderId, batchId, reference, eventId, kind, at, partner } = first
  const about =
    orderId !== null
      ? link(`/orders/${orderId}`, safeText(reference ?? orderId))
      : batchId !== null
        ? link(`/batches/${batchId}`, `${texts('decision.batch')} ${batchId}`)
        : EMPTY
  return page({
    title: `${texts('col.webhook')} ${kind}`,
    isLive: problem === undefined,
    ...(problem === undefined ? {} : { problem, status: 409 }),
    main: html`${facts([
      [texts('col.when'), timeTag(at, texts)],
      [texts('col.about'), about],
      [texts('col.partner'), link(placeOf(partner), partner)],
      ['webhook-id', code(eventId)],
    ])}${replayForm(call, deliveries)}${stateTable(deliveries, texts)}${await tries(call, eventId)}`,
  })
}

function stateTable(deliveries: readonly EventDelivery[], texts: Texts): Markup {
  const rows = deliveries.map(({ endpointId, url, endpointState, state, tries: count, endedAt }) => [
    `${endpointId} ${safeText(shownUrl(url))}`,
    badge(endpointState, wordOf(texts, 'endpoint', endpointState)),
    badge(state, wordOf(texts, 'delivery', state)),
    String(count),
    timeTag(endedAt, texts),
  ])
  const title = texts('partners.deliveries')
  const keys = [
    'deliveries.endpoint',
    'deliveries.endpoint_state',
    'col.state',
    'col.tries',
    'deliveries.ended',
  ] as const
  return section(title, table(title, columnsOf(texts, keys, [3]), rows))
}

async function tries({ database, texts }: Call, eventId: string): Promise<Markup> {
  const rows = (await listTries(database, eventId)).map((each) => [
    String(each.endpointId),
    String(each.try),
    timeTag(each.at, texts),
    each.httpStatus === null ? '' : `HTTP ${each.httpStatus}`,
    `${each.durationMs} ms`,
    safeText(each.trouble ?? ''),
    safeText((each.reply ?? '').slice(0, SHOWN_REPLY)),
  ])
  const title = texts('deliveries.tries')
  const keys = [
    'deliveries.endpoint',
    'col.number',
    'col.when',
    'col.outcome',
    'col.took',
    'col.problem',
    'deliveries.reply',
  ] as const
  return section(
    title,
    rows.length === 0
      ? empty(texts('deliveries.no_tries'))
      : table(title, columnsOf(texts, keys, [1, 4]), rows),
  )
}

function replayForm(call: Call, deliveries: readonly EventDelivery[]): Markup {
  const { texts } = call
  const hasEnded = deliveries.some(
    ({ state, endpointState }) => state !== 'pending' && endpointState !== 'removed',
  )
  if (!hasEnded || !call.may(...PROPOSES)) return EMPTY
  return html`<div class="commands">${commandForm({
    id: 'replay',
    action: `/deliveries/${deliveries[0]?.eventId ?? ''}/replay`,
    title: texts('deliveries.replay'),
    explains: texts('deliveries.replay.what'),
    seen: seenOf(shownOf(deliveries)),
    button: texts('deliveries.replay'),
  })}</div>`
}

/** Makes the event due again at each of its endpoints where it has ended, under its own id. */
export async function replayEvent(call: Call): Promise<Answer> {
  const { deliveries, first } = await readEventView(call)
  const stale = staleness(call, shownOf(deliveries))
  if (stale !== null) return await deliveryPage(call, stale)
  const give = async () => {
    const database = databaseOf(call.database, call.person(''))
    const count = await replayDeliveries(database, { of: 'event', eventId: first.eventId })
    if (count === 0) throw new Refused(call.texts('deliveries.nothing'))
    return done(`/deliveries/${first.eventId}`, 'replayed')
  }
  return await orRefusal(give, (problem) => deliveryPage(call, problem))
}
