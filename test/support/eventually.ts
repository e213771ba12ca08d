import { setTimeout as wait } from 'node:timers/promises'
import { STATE_LIMIT_MS } from './time.ts'

const ASK_AGAIN_MS = 20

/**
 * Asks again until the answer is not null: waits for a state, not for a time. At most half of the time goes into asking,
 * or a question that costs much would take what it waits for the machine.
 */
export async function eventually<T>(ask: () => Promise<T | null>): Promise<T> {
  const giveUpAt = performance.now() + STATE_LIMIT_MS
  for (;;) {
    const askedAt = performance.now()
    const answer = await ask()
    if (answer !== null) return answer
    const now = performance.now()
    if (now > giveUpAt) throw new Error(`not reached within ${STATE_LIMIT_MS} ms`)
    await wait(Math.max(ASK_AGAIN_MS, now - askedAt))
  }
}
