/**
 * How many times as long as on an ordinary machine everything may take: TEST_TIME_FACTOR. Limits are for what hangs, so
 * they are long already, and a test passes or fails whatever the factor.
 */
export const TIME_FACTOR = Number(process.env.TEST_TIME_FACTOR ?? 1)

/** How long a test or a hook may take before it counts as hanging. */
export const TEST_LIMIT_MS = 600_000 * TIME_FACTOR

/** How long a state may take to be reached before it counts as never reached. */
export const STATE_LIMIT_MS = 300_000 * TIME_FACTOR
