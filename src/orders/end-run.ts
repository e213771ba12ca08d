import { backoffMs } from './backoff.ts'
import type { OrderDeps } from './deps.ts'
import { type LoadedOrder, leftMs } from './elapsed.ts'
import { isFinal, type OrderState } from './lifecycle.ts'
import type { BrokenLimit } from './limit.ts'
import type { Refusal } from './outcomes.ts'
import type { StoredOrder } from './ports.ts'

/** What became of an order that a worker picked up. */
export type Execution =
  /** Final or in doubt: no worker has anything more to do with it. */
  | { readonly is: 'ended'; readonly state: OrderState; readonly reason: string }
  /** Somebody else is on it, a person holds it, or it waits for a closed switch. */
  | { readonly is: 'left'; readonly state: OrderState; readonly reason: string }
  /** Accepted, and sleeps: the end of the order before it in its wallet wakes it. */
  | { readonly is: 'waiting'; readonly waitsFor: string }
  /** Still accepted: to be picked up again after `delayMs`. */
  | { readonly is: 'later'; readonly delayMs: number; readonly trouble: string }

/** An order that may not expire yet is tried again after this time. */
const EXPIRE_AGAIN_MS = 1_000

/** Rejects the order, of which nothing is in flight. */
export async function refuse(
  order: StoredOrder,
  reason: Refusal | 'refused_at_checkout' | BrokenLimit,
  detail: Record<string, unknown>,
  deps: OrderDeps,
): Promise<Execution> {
  const row = { orderId: order.orderId, reason, actor: deps.actor, detail }
  const moved = await deps.store.move('refuse', [row])
  return moved.length > 0 ? { is: 'ended', state: 'rejected', reason } : await reload(order, deps)
}

/** Another checkout could execute again: no worker touches the order until a person has looked at the gateway. */
export async function hold(order: StoredOrder, message: string, deps: OrderDeps): Promise<Execution> {
  const { orderId } = order
  deps.log.error({ order_id: orderId }, 'a checkout was answered with an executed transaction: order held')
  const row = { orderId, reason: 'executed_at_checkout', actor: deps.actor, detail: { message } } as const
  await deps.store.move('hold', [row])
  return await reload(order, deps)
}

/** Lets the order wait if a closed switch holds it; null when none does. The opening wakes it. */
export async function waitForSwitch(orderId: string, deps: OrderDeps): Promise<Execution | null> {
  const scope = await deps.switches.waitFor(orderId)
  if (scope === null) return null
  deps.log.debug({ order_id: orderId, scope }, 'order waits for a closed switch')
  return { is: 'left', state: 'accepted', reason: 'switch_closed' }
}

/** Expires the order if its deadline has passed by the database's clock; else it is left for then. */
export async function expire(order: StoredOrder, deps: OrderDeps): Promise<Execution> {
  const row = {
    orderId: order.orderId,
    reason: 'deadline_passed',
    actor: deps.actor,
    detail: null,
  } as const
  const moved = await deps.store.move('expire', [row])
  if (moved.length > 0) return { is: 'ended', state: 'expired', reason: 'deadline_passed' }
  const [now] = await deps.store.load([order.orderId])
  if (now === undefined || now.state !== 'accepted') return standing(now ?? order)
  const waiting = now.msUntilDeadline <= 0 ? await waitForSwitch(order.orderId, deps) : null
  if (waiting !== null) return waiting
  const delayMs = now.msUntilDeadline > 0 ? now.msUntilDeadline : EXPIRE_AGAIN_MS
  return { is: 'later', delayMs, trouble: 'its deadline is about to pass' }
}

/** Leaves the order accepted for a later run, not beyond its deadline. */
export async function defer(order: LoadedOrder, trouble: string, deps: OrderDeps): Promise<Execution> {
  const longestMs = Math.max(leftMs(order, deps), 0)
  const delayMs = Math.min(backoffMs(order.postponements, deps.random()), longestMs)
  const moved = await deps.store.postpone([{ orderId: order.orderId, delayMs, trouble }])
  return moved.length > 0 ? { is: 'later', delayMs, trouble } : await reload(order, deps)
}

const LOOK_AGAIN_MS = 100

/** Lets the order sleep until its turn in its wallet comes; null when it has come. */
export async function waitForTurn(order: StoredOrder, deps: OrderDeps): Promise<Execution | null> {
  const [waiting] = await deps.store.waitForTurn([order.orderId])
  if (waiting !== undefined) return { is: 'waiting', waitsFor: waiting.waitsFor }
  const [now] = await deps.store.load([order.orderId])
  if (now === undefined || now.state !== 'accepted') return standing(now ?? order)
  if (now.waitsFor === null) return null
  // Somebody was just ending the order in front: its end may not have seen this one.
  const delayMs = LOOK_AGAIN_MS * (1 + deps.random())
  return { is: 'later', delayMs, trouble: 'the order before it in its wallet is just ending' }
}

/** The guard refused a move, so somebody else moved the order first: what they made of it stands. */
export async function reload(order: StoredOrder, deps: OrderDeps): Promise<Execution> {
  const [now] = await deps.store.load([order.orderId])
  return standing(now ?? order)
}

/** What the order's state says of its execution. */
export function standing({ state, reason }: { state: OrderState; reason: string }): Execution {
  return isFinal(state) || state === 'in_doubt'
    ? { is: 'ended', state, reason }
    : { is: 'left', state, reason }
}
