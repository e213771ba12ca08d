import { readTrips } from '../../breaker/store.ts'
import { html, type Markup } from '../../core/html.ts'
import type { OrderHold, OrderInFront, OrderStory } from '../../orders/queries/order-story.ts'
import { badge, EMPTY, link, safeText, timeTag } from '../html/parts.ts'
import { scopeInWords } from '../html/scope-words.ts'
import type { Call } from '../route.ts'
import { type Texts, wordOf } from '../texts/texts.ts'

/** Why an order is not sent: a closed switch, another order of its wallet, or a recovery; each a fact of its page. */
export function waitsOf(story: OrderStory, texts: Texts): (readonly [string, Markup])[] {
  const reasons = [
    ...(story.hold === null ? [] : [bySwitch(story.hold, texts)]),
    ...(story.waitsFor === null ? [] : [byOrder(story.waitsFor, texts)]),
    ...(story.state === 'held' && story.reason === 'restored' ? [byRecovery(story, texts)] : []),
  ]
  return reasons.map((reason) => [texts('order.waits'), reason])
}

function bySwitch({ scope, closedAt, closedBy, reason, extendsDeadlines }: OrderHold, texts: Texts): Markup {
  const deadline = texts(extendsDeadlines ? 'order.waits.stops' : 'order.waits.runs')
  return html`${link('/switches', texts('order.waits.switch'))} ${timeTag(closedAt, texts)}: ${scopeInWords(scope, texts)}, ${safeText(closedBy)}: ${safeText(reason)}; ${deadline}`
}

function byOrder({ orderId, partner, reference, state }: OrderInFront, texts: Texts): Markup {
  return html`${texts('order.waits.order')} ${link(`/orders/${orderId}`, `${partner}/${reference}`)} ${badge(state, wordOf(texts, 'state', state))}`
}

function byRecovery({ events }: OrderStory, texts: Texts): Markup {
  const recovery = events.at(-1)?.detail?.recovery
  const text = texts('order.waits.recovery', { n: typeof recovery === 'number' ? String(recovery) : '' })
  return html`${text} ${link('/switches#recovery', texts('stopped.recovery'))}`
}

/** Whether the breaker lets this order through as its probe, said above the order's page. */
export async function probeNotice(
  { database, texts }: Call,
  { orderId, settledAt }: OrderStory,
): Promise<Markup> {
  if (settledAt !== null) return EMPTY
  const trips = await readTrips(database, {})
  const probed = trips.filter((trip) => trip.orderId === orderId)
  if (probed.length === 0) return EMPTY
  const scopes = probed.map(({ scope }) => html` ${scopeInWords(scope, texts)}`)
  return html`<p class="calls">! ${texts('order.probe')} ${link('/switches#breaker', texts('breaker'))}:${scopes}</p>`
}
