/*
 * The life of one order, from a worker's pick-up to its next rest. Five invariants hold whatever crashes, hangs or
 * answers late. SQL and tests cite them by number.
 *
 * I1  One live attempt per order. An attempt in `intent`, `in_doubt` or `succeeded` excludes another one: the unique
 *     index attempts_one_live_per_order. Whoever did not insert it may not send.
 * I2  One send per quote. A confirm is sent at most once for an intent, and an intent is committed at most once for a
 *     quote: the unique index attempts_one_send_per_quote. No send is repeated, whatever became of it.
 * I3  A doubt ends by evidence only: a late reply of the same attempt, a statement, or two people with evidence. Time
 *     ends no doubt, and an intent that is too old becomes a doubt, never a new send.
 * I4  Triggers append the events and the webhooks of every change in the transaction of the change, so that neither can
 *     be missed or told twice.
 * I5  One order in flight per wallet, in the order of acceptance; of a transfer the sender's wallet counts. The unique
 *     index attempts_one_in_flight_per_wallet, and lane_front() in the statement that commits an intent. The end of one
 *     wakes the next, in its transaction.
 */
import { formatGrams } from '../core/money.ts'
import { requotePauseMs } from './backoff.ts'
import type { OrderCommand } from './command.ts'
import { type OrderDeps, SEND_START_LIMIT_MS } from './deps.ts'
import { elapsedMs, type LoadedOrder, leftMs, type Moment, momentOf } from './elapsed.ts'
import {
  defer,
  type Execution,
  expire,
  hold,
  refuse,
  reload,
  standing,
  waitForSwitch,
  waitForTurn,
} from './end-run.ts'
import { pickUp } from './lifecycle.ts'
import { brokenLimit } from './limit.ts'
import type { Quote } from './outcomes.ts'
import type { Intent, Recorded, StoredOrder } from './ports.ts'
import { recordVerdict } from './record.ts'
import { commandFrom } from './submission.ts'

const STOPPING: Execution = { is: 'later', delayMs: 0, trouble: 'the worker is stopping' }

/** One step of an attempt: either the order's execution is over for now, or there is something to go on with. */
type Step<T> = { readonly go: T } | { readonly stop: Execution } | { readonly requote: string }

/**
 * Takes one order as far as it goes: quote, limit, intent, confirm, record; again on a price change.
 * Acts on the stored state alone, so it may be run twice, at once, or after a crash.
 */
export async function executeOrder(stored: StoredOrder, deps: OrderDeps): Promise<Execution> {
  const order = { ...stored, loadedAtMs: deps.monotonicMs() }
  switch (pickUp(order.state, order.intentAgeMs, deps.policy.sendDeadlineMs)) {
    case 'run':
      return await runOrder(order, deps)
    case 'mark_overdue':
      await deps.store.doubtOverdueIntent(order.orderId, deps.policy.sendDeadlineMs, deps.actor)
      return await reload(order, deps)
    case 'nothing_to_do':
    case 'leave':
      return standing(order)
  }
}

async function runOrder(order: LoadedOrder, deps: OrderDeps): Promise<Execution> {
  const command = commandFrom(order.kind, order.phoneNumber, order.content)
  let requotes = 0
  for (;;) {
    const attempt = await runAttempt(order, command, deps)
    if ('stop' in attempt) return attempt.stop
    requotes += 1
    if (requotes > deps.policy.maxRequotes) return await defer(order, attempt.requote, deps)
    await deps.pause(requotePauseMs(deps.random()))
  }
}

/** One quote and at most one confirm of it. */
async function runAttempt(
  order: LoadedOrder,
  command: OrderCommand,
  deps: OrderDeps,
): Promise<{ stop: Execution } | { requote: string }> {
  if (deps.stopping.aborted) return { stop: { is: 'later', delayMs: 0, trouble: 'the worker is stopping' } }
  if (await deps.switches.isAnyClosed()) {
    const waiting = await waitForSwitch(order.orderId, deps)
    if (waiting !== null) return { stop: waiting }
  }
  if (leftMs(order, deps) <= 0) return { stop: await expire(order, deps) }
  const turn = await takeTurn(order, deps)
  if (!('go' in turn)) return turn
  const quotedAt = momentOf(deps)
  const quote = await takeQuote(order, command, deps)
  if (!('go' in quote)) return quote
  const intent = await commitIntent(order, quote.go, quotedAt, deps)
  if (!('go' in intent)) return intent
  const { state, reason } = await confirm(intent.go, command, quote.go, deps)
  return state === 'accepted' ? { requote: reason } : { stop: standing({ state, reason }) }
}

/** Lets the orders that come before it in its wallet go first: the fence would, and this saves a quote. */
async function takeTurn(order: StoredOrder, deps: OrderDeps): Promise<{ go: null } | { stop: Execution }> {
  if (order.waitsFor === null) return { go: null }
  const waiting = await waitForTurn(order, deps)
  return waiting === null ? { go: null } : { stop: waiting }
}

/** An order that came first in its wallet since this one was loaded: the quote is lost. */
async function giveWay(
  order: StoredOrder,
  deps: OrderDeps,
): Promise<{ stop: Execution } | { requote: string }> {
  const waiting = await waitForTurn(order, deps)
  return waiting === null ? { requote: 'another order of the wallet went first' } : { stop: waiting }
}

/** Checkout, and the order's limit against what it returned. */
async function takeQuote(order: LoadedOrder, command: OrderCommand, deps: OrderDeps): Promise<Step<Quote>> {
  const checkout = await deps.gateway.checkout(command)
  switch (checkout.is) {
    case 'quoted':
      return await checkLimits(order, command, checkout.quote, deps)
    case 'price_changed':
      return { requote: 'price_changed' }
    case 'refused':
      return { stop: await refuse(order, checkout.reason, { message: checkout.message }, deps) }
    case 'trouble':
      return { stop: await defer(order, checkout.message, deps) }
    case 'executed':
      return { stop: await hold(order, checkout.message, deps) }
  }
}

async function checkLimits(
  order: StoredOrder,
  command: OrderCommand,
  quote: Quote,
  deps: OrderDeps,
): Promise<Step<Quote>> {
  const broken = brokenLimit(command, quote, deps.policy.maxQuoteFee)
  if (broken === null) return { go: quote }
  return { stop: await refuse(order, broken, quoteDetail(quote), deps) }
}

/** The fence: returns an intent only to whoever inserted it, and only while there is time to send. */
async function commitIntent(
  order: LoadedOrder,
  quote: Quote,
  quotedAt: Moment,
  deps: OrderDeps,
): Promise<Step<HeldIntent>> {
  const committingAt = momentOf(deps)
  if (deps.stopping.aborted) return { stop: STOPPING }
  if (elapsedMs(quotedAt, deps) > deps.policy.quoteMaxAgeMs) return { requote: 'the quote is too old' }
  const { traceId = null } = deps
  const intentId = deps.newId()
  try {
    const given = { orderId: order.orderId, intentId, quote, traceId }
    const [intent] = await deps.store.commitIntents([given], deps.actor)
    if (intent?.intentId === intentId) return { go: { ...intent, quotedAt, committingAt } }
  } catch (error) {
    // The COMMIT's fate is unknown, but nothing was sent: give the intent back if it is there.
    await deps.store.withdrawIntents([{ orderId: order.orderId, intentId }], deps.actor)
    throw error
  }
  const [now] = await deps.store.load([order.orderId])
  if (now === undefined || now.state !== 'accepted') return { stop: standing(now ?? order) }
  if (now.msUntilDeadline <= 0) return { stop: await expire(order, deps) }
  const waiting = await waitForSwitch(order.orderId, deps)
  if (waiting !== null) return { stop: waiting }
  if (now.waitsFor !== null) return await giveWay(now, deps)
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
  deps: OrderDeps,
): Promise<Recorded> {
  const { orderId, seq } = intent
  // A process that was frozen since the commit must not send into a doubt that others may have settled.
  const isLate =
    elapsedMs(intent.committingAt, deps) > SEND_START_LIMIT_MS ||
    elapsedMs(intent.quotedAt, deps) > deps.policy.quoteMaxAgeMs
  const outcome = isLate
    ? ({ is: 'not_sent', reply: { httpStatus: null, body: null, message: 'too late to send' } } as const)
    : await deps.gateway.confirm(command, quote)
  return await recordVerdict({ orderId, seq, outcome }, deps)
}

function quoteDetail(quote: Quote): Record<string, unknown> {
  const { quoteId, goldWeight, amount, fee } = quote
  return { quote_id: quoteId, gold_weight: formatGrams(goldWeight), amount, fee }
}
