import type { Log } from '../core/log.ts'
import type { Rupiah } from '../core/money.ts'
import type { OrderGateway } from './gateway-port.ts'
import type { OrderStore, OrderSwitches } from './ports.ts'

/** The settings an execution obeys. */
export interface ExecutionPolicy {
  /** New quotes taken within one run after a price change, before the order is left for later. */
  readonly maxRequotes: number
  /** A quote with a larger fee is not confirmed; null: no bound. */
  readonly maxQuoteFee: Rupiah | null
  /** A quote older than this is not confirmed. */
  readonly quoteMaxAgeMs: number
  /** Age of an intent after which its confirm can neither be about to be sent nor be awaiting its reply. */
  readonly sendDeadlineMs: number
}

/** Everything an execution uses of the world. */
export interface OrderDeps {
  readonly store: OrderStore
  readonly gateway: OrderGateway
  readonly switches: OrderSwitches
  readonly policy: ExecutionPolicy
  /** Who acts, as the events show it: `worker:<name>`. */
  readonly actor: string
  /** The trace of this run, which its attempts name; absent or null when none is recorded. */
  readonly traceId?: string | null
  /** Milliseconds of a clock that is never set: all durations are taken by it. Deadlines are the database's. */
  monotonicMs(): number
  /** Milliseconds since the epoch. Never believed alone: see `elapsedMs`. */
  wallMs(): number
  /** A number from 0 up to 1. */
  random(): number
  newId(): string
  /** Waits, or returns early when `stopping` is aborted. */
  pause(ms: number): Promise<void>
  /** Aborted when the program is to end: nothing new is begun, what was sent is awaited. */
  readonly stopping: AbortSignal
  readonly log: Log
}

/** How long after committing an intent its confirm may still be begun. A worker that froze in between gives it back. */
export const SEND_START_LIMIT_MS = 2_000

/** Time to record a reply, on top of the send's own start limit and deadline. */
const RECORDING_MARGIN_MS = 3_000

/** The send deadline that follows from one call's wall-clock deadline. */
export function sendDeadlineMs(callTimeoutMs: number): number {
  return callTimeoutMs + SEND_START_LIMIT_MS + RECORDING_MARGIN_MS
}
