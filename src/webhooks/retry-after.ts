/** A receiver's wish is followed this far: a mistake in it must not hold a delivery for days. */
export const MAX_RETRY_AFTER_MS = 3_600_000

/** An HTTP date as servers write it today. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/**
 * How long a receiver asks to be left alone, at most an hour; null when it does not say so in a way that can be read.
 * @param text the reply's `Retry-After`: seconds, or a date by the receiver's clock
 */
export function retryAfterMs(text: string | null, nowMs: number): number | null {
  if (text === null) return null
  const askedMs = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : dateMs(text) - nowMs
  return askedMs > 0 ? Math.min(askedMs, MAX_RETRY_AFTER_MS) : null
}

/** NaN, which is greater than nothing, when it is no date. */
function dateMs(text: string): number {
  return HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN
}
