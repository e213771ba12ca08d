import { formatGrams } from '../core/money.ts'
import { backoffMs, requotePauseMs } from './backoff.ts'
import type { OrderCommand } from './command.ts'
import { type OrderEffects, SEND_START_LIMIT_MS } from './deps.ts'
import { elapsedMs, type LoadedOrder, leftMs, type Moment, momentOf } from './elapsed.ts'
import { isFinal, type OrderState, pickUp } from './lifecycle.ts'
import { type BrokenLimit, brokenLimit } from './limit.ts'
import type { Quote, Refusal } from './outcomes.ts'
import type { Intent, Recorded, StoredOrder } from './ports.ts'
import { recordVerdict } from './record.ts'
import { commandFrom } from './submission.ts'

/** What became of an order that a worker picked up. */
export type Execution =
  /** Final or in doubt: no worker has anything more to do with it. */
  | { readonly is: 'ended'; readonly state: OrderState; readonly reason: string }
  /** Somebody else is on it, or a person holds it. */
  | { readonly is: 'left'; readonly state: OrderState; readonly reason: string }
  /** Still accepted: to be picked up again after `delayMs`. */
  | { readonly is: 'later'; readonly delayMs: number; readonly trouble: string }

const STOPPING: Execution = { is: 'later', delayMs: 0, trouble: 'the worker is stopping' }

/** One step of an attempt: either the order's execution is over for now, or there is something to go on with. */
type Step<T> = { readonly go: T } | { readonly stop: Execution } | { readonly requote: string }

/**
 * Takes one order as far as it goes: quote, limit, intent, confirm, record; again on a price change.
 * Acts on the stored state alone, so it may be run twice, at once, or after a crash.
 */
export async function executeOrder(stored: StoredOrder, effects: OrderEffects): Promise<Execution> {
  const order = { ...stored, loadedAtMs: effects.monotonicMs() }
  switch (pickUp(order.state, order.intentAgeMs, effects.policy.sendDeadlineMs)) {
    case 'run':
      return await runOrder(order, effects)
    case 'mark_overdue':
      await effects.store.doubtOverdueIntent(order.orderId, effects.policy.sendDeadlineMs, effects.actor)
      return await reload(order, effects)
    case 'nothing_to_do':
    case 'leave':
      return standing(order)
  }
}

async function runOrder(order: LoadedOrder, effects: OrderEffects): Promise<Execution> {
  const command = commandFrom(order.kind, order.phoneNumber, order.content)
  let requotes = 0
  for (;;) {
    const attempt = await runAttempt(order, command, effects)
    if ('stop' in attempt) return attempt.stop
    requotes += 1
    if (requotes > effects.policy.maxRequotes) return await putOff(order, attempt.requote, effects)
    await effects.pause(requotePauseMs(effects.random()))
  }
}

/** One quote and at most one confirm of it. */
async function runAttempt(
  order: LoadedOrder,
  command: OrderCommand,
  effects: OrderEffects,
): Promise<{ stop: Execution } | { requote: string }> {
  if (effects.stopping.aborted)
    return { stop: { is: 'later', delayMs: 0, trouble: 'the worker is stopping' } }
  if (leftMs(order, effects) <= 0) return { stop: await expire(order, effects) }
  const quotedAt = momentOf(effects)
  const quote = await takeQuote(order, command, effects)
  if (!('go' in quote)) return quote
  const intent = await commitIntent(order, quote.go, quotedAt, effects)
  if (!('go' in intent)) return intent
  const { state, reason } = await confirm(intent.go, command, quote.go, effects)
  return state === 'accepted' ? { requote: reason } : { stop: standing({ state, reason }) }
}

/** Checkout, and the order's limit against what it returned. */
async function takeQuote(
  order: LoadedOrder,
  command: OrderCommand,
  effects: OrderEffects,
): Promise<Step<Quote>> {
  const checkout = await effects.gateway.checkout(command)
  switch (checkout.is) {
    case 'quoted':
      return await checkLimits(order, command, checkout.quote, effects)
    case 'price_changed':
      return { requote: 'price_changed' }
    case 'refused':
      return { stop: await refuse(order, checkout.reason, { message: checkout.message }, effects) }
    case 'trouble':
      return { stop: await putOff(order, checkout.message, effects) }
    case 'executed':
      return { stop: await hold(order, checkout.message, effects) }
  }
}

async function checkLimits(
  order: StoredOrder,
  command: OrderCommand,
  quote: Quote,
  effects: OrderEffects,
): Promise<Step<Quote>> {
  const broken = brokenLimit(command, quote, effects.policy.maxQuoteFee)
  if (broken === null) return { go: quote }
  return { stop: await refuse(order, broken, quoteDetail(quote), effects) }
}

/** The fence: returns an intent only to whoever inserted it, and only while there is time to send. */
async function commitIntent(
  order: LoadedOrder,
  quote: Quote,
  quotedAt: Moment,
  effects: OrderEffects,
): Promise<Step<HeldIntent>> {
  const committingAt = momentOf(effects)
  if (effects.stopping.aborted) return { stop: STOPPING }
  if (elapsedMs(quotedAt, effects) > effects.policy.quoteMaxAgeMs) return { requote: 'the quote is too old' }
  const intentId = effects.newId()
  try {
    const [intent] = await effects.store.commitIntents(
      [{ orderId: order.orderId, intentId, quote }],
      effects.actor,
    )
    if (intent !== undefined) return { go: { ...intent, quotedAt, committingAt } }
  } catch (error) {
    // The COMMIT's fate is unknown, but nothing was sent: give the intent back if it is there.
    await effects.store.withdrawIntents([intentId], effects.actor)
    throw error
  }
  const [now] = await effects.store.load([order.orderId])
  if (now === undefined || now.state !== 'accepted') return { stop: standing(now ?? order) }
  if (now.msUntilDeadline <= 0) return { stop: await expire(order, effects) }
  return { requote: 'the gateway gave a quote that was used before' }
}

interface HeldIntent extends Intent {
  readonly quotedAt: Moment
  readonly committingAt: Moment
}

/** Sends the one confirm of this quote and records what came of it. */
async function confirm(
  intent: HeldIntent,
  command: OrderCommand,
  quote: Quote,
  effects: OrderEffects,
): Promise<Recorded> {
  const { orderId, seq } = intent
  // A process that was frozen since the commit must not send into a doubt that others may have settled.
  const isLate =
    elapsedMs(intent.committingAt, effects) > SEND_START_LIMIT_MS ||
    elapsedMs(intent.quotedAt, effects) > effects.policy.quoteMaxAgeMs
  const outcome = isLate
    ? ({ is: 'not_sent', reply: { httpStatus: null, body: null, message: 'too late to send' } } as const)
    : await effects.gateway.confirm(command, quote)
  return await recordVerdict({ orderId, seq, outcome }, effects)
}

async function refuse(
  order: StoredOrder,
  reason: Refusal | 'refused_at_checkout' | BrokenLimit,
  detail: Record<string, unknown>,
  effects: OrderEffects,
): Promise<Execution> {
  const row = { orderId: order.orderId, reason, actor: effects.actor, detail }
  const moved = await effects.store.move('refuse', [row])
  return moved.length > 0 ? { is: 'ended', state: 'rejected', reason } : await reload(order, effects)
}

/** Another checkout could execute again: no worker touches the order until a person has looked at the gateway. */
async function hold(order: StoredOrder, message: string, effects: OrderEffects): Promise<Execution> {
  const { orderId } = order
  effects.log.error({ order_id: orderId }, 'a checkout was answered with an executed transaction: order held')
  const row = { orderId, reason: 'executed_at_checkout', actor: effects.actor, detail: { message } } as const
  await effects.store.move('hold', [row])
  return await reload(order, effects)
}

/** Expires the order if its deadline has passed by the database's clock; else it is left for then. */
async function expire(order: StoredOrder, effects: OrderEffects): Promise<Execution> {
  const row = {
    orderId: order.orderId,
    reason: 'deadline_passed',
    actor: effects.actor,
    detail: null,
  } as const
  const moved = await effects.store.move('expire', [row])
  if (moved.length > 0) return { is: 'ended', state: 'expired', reason: 'deadline_passed' }
  const [now] = await effects.store.load([order.orderId])
  if (now === undefined || now.state !== 'accepted') return standing(now ?? order)
  return { is: 'later', delayMs: Math.max(now.msUntilDeadline, 0), trouble: 'its deadline is about to pass' }
}

/** Leaves the order accepted for a later run, not beyond its deadline. */
async function putOff(order: LoadedOrder, trouble: string, effects: OrderEffects): Promise<Execution> {
  const longestMs = Math.max(leftMs(order, effects), 0)
  const delayMs = Math.min(backoffMs(order.postponements, effects.random()), longestMs)
  const moved = await effects.store.postpone([{ orderId: order.orderId, delayMs, trouble }])
  return moved.length > 0 ? { is: 'later', delayMs, trouble } : await reload(order, effects)
}

/** The guard refused a move, so somebody else moved the order first: what they made of it stands. */
async function reload(order: StoredOrder, effects: OrderEffects): Promise<Execution> {
  const [now] = await effects.store.load([order.orderId])
  return standing(now ?? order)
}

function standing({ state, reason }: { state: OrderState; reason: string }): Execution {
  return isFinal(state) || state === 'in_doubt'
    ? { is: 'ended', state, reason }
    : { is: 'left', state, reason }
}

function quoteDetail(quote: Quote): Record<string, unknown> {
  const { quoteId, goldWeight, amount, fee } = quote
  return { quote_id: quoteId, gold_weight: formatGrams(goldWeight), amount, fee }
}
