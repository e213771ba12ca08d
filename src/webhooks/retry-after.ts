/** The longest pause that a receiver can request: a mistake in the header must not delay a delivery for days. */
export const MAX_RETRY_AFTER_MS = 3_600_000

/** An HTTP date in the format that servers send today. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/**
 * The pause that a receiver requests, at most an hour; null without a readable header.
 * @param text the reply's `Retry-After`: seconds, or a date by the receiver's clock
 */
export function retryAfterMs(text: string | null, nowMs: number): number | null {
  if (text === null) return null
  const requestedMs = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : dateMs(text) - nowMs
  return requestedMs > 0 ? Math.min(requestedMs, MAX_RETRY_AFTER_MS) : null
}

/** NaN, which is not above zero, when the text is no date. */
function dateMs(text: string): number {
  return HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN
}
