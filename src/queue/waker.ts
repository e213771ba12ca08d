import { setTimeout as pause } from 'node:timers/promises'
import type { OrderQueue } from './backend.ts'
import { wakeOrders } from './order-worker.ts'

/** Wakes orders behind the back of who accepted them: nobody waits for the queue. */
export interface Waker {
  wake(orderId: string): void
  /** Returns when what was asked for is done, or the time is over. */
  stop(withinMs: number): Promise<void>
}

/** More than these wait only while the queue is away: then the sweeper brings the others. */
const MOST_WAITING = 10_000
const AT_ONCE = 500

/** Orders accepted while the queue is being told go to it together, in one round trip. */
export function createWaker(queue: OrderQueue, ttlMs: number, onTrouble: (error: unknown) => void): Waker {
  const waiting = new Set<string>()
  let telling: Promise<void> | null = null

  const tell = async () => {
    while (waiting.size > 0) {
      const orderIds = [...waiting].slice(0, AT_ONCE)
      for (const orderId of orderIds) waiting.delete(orderId)
      try {
        await wakeOrders(queue, orderIds, ttlMs)
      } catch (error) {
        onTrouble(error)
      }
    }
    telling = null
  }
  return {
    wake(orderId) {
      if (waiting.size < MOST_WAITING) waiting.add(orderId)
      telling ??= tell()
    },
    async stop(withinMs) {
      if (telling === null) return
      await Promise.race([telling, pause(withinMs, undefined, { ref: false })])
    },
  }
}
