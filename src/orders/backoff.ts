const FIRST_DELAY_MS = 1_000
const LONGEST_DELAY_MS = 60_000

/**
 * Exponential backoff with full jitter in its upper half: 0.5–1 s, 1–2 s, … 30–60 s.
 * @param times how often it was already put off
 * @param random a number from 0 up to 1
 */
export function backoffMs(times: number, random: number): number {
  const longest = Math.min(FIRST_DELAY_MS * 2 ** Math.min(times, 16), LONGEST_DELAY_MS)
  return Math.round(longest * (0.5 + random / 2))
}

/** The short pause before a new quote within one run: prices move in steps, and a herd asks at once. */
export function requotePauseMs(random: number): number {
  return Math.round(20 + 80 * random)
}
