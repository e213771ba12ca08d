import type { OrderDeps } from './deps.ts'
import type { StoredOrder } from './ports.ts'

type Clocks = Pick<OrderDeps, 'monotonicMs' | 'wallMs'>

/** A moment by both clocks of the process. */
export interface Moment {
  readonly monotonicMs: number
  readonly wallMs: number
}

export function momentOf(clocks: Clocks): Moment {
  return { monotonicMs: clocks.monotonicMs(), wallMs: clocks.wallMs() }
}

/**
 * How long ago a moment was at most, for decisions in which "too late" is the safe answer. The wall clock may have been
 * set back, and the monotonic clock stands still while a machine is suspended: the longer of the two counts.
 */
export function elapsedMs(since: Moment, clocks: Clocks): number {
  const now = momentOf(clocks)
  return Math.max(now.monotonicMs - since.monotonicMs, now.wallMs - since.wallMs)
}

/** An order, and when it was loaded by the monotonic clock. */
export interface LoadedOrder extends StoredOrder {
  readonly loadedAtMs: number
}

/** Time left until the deadline: the database said how much there was, and the monotonic clock what is gone of it. */
export function leftMs(order: LoadedOrder, clocks: Clocks): number {
  return order.msUntilDeadline - (clocks.monotonicMs() - order.loadedAtMs)
}
