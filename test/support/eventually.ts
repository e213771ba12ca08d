import { setTimeout as wait } from 'node:timers/promises'

/** Asks again until the answer is not null: waits for a state, not for a time. */
export async function eventually<T>(ask: () => Promise<T | null>, withinMs = 120_000): Promise<T> {
  const giveUpAt = Date.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== null) return answer
    if (Date.now() > giveUpAt) throw new Error(`not reached within ${withinMs} ms`)
    await wait(20)
  }
}
