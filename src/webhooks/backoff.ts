const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** The pause after each failure of one delivery: 43 hours in all, at most 12 hours between two tries. */
export const RETRY_DELAYS_MS = [
  5 * SECOND_MS,
  1 * MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  1 * HOUR_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
  6 * HOUR_MS,
  6 * HOUR_MS,
  6 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
]

/** An endpoint without a success for this long is paused. */
export const PAUSE_AFTER_MS = 24 * HOUR_MS

/** It is not paused before one delivery was tried so often: a sender that was down for a day proves nothing. */
export const PAUSE_AFTER_TRIES = 5

/** Jitter only lengthens a pause. */
const JITTER = 0.2

/**
 * How long to wait after a failure; null when the delivery is given up.
 * @param step how many pauses it had already
 * @param random a number from 0 up to 1
 */
export function retryDelayMs(step: number, random: number): number | null {
  const delayMs = RETRY_DELAYS_MS[step]
  return delayMs === undefined ? null : Math.round(delayMs * (1 + JITTER * random))
}
