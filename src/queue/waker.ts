import { setTimeout as pause } from 'node:timers/promises'
import type { OrderQueue } from './backend.ts'
import { wakeOrders } from './order-worker.ts'

/** Wakes orders behind the back of who accepted them: nobody waits for the queue. */
export interface Waker {
  wake(orderId: string): void
  /** Returns when what was asked for is done, or the time is over. */
  stop(withinMs: number): Promise<void>
}

export interface WakerDeps {
  onTrouble(error: unknown): void
  /** The trace that whoever wakes is in: its order's job goes on in it. */
  carried(): string | null
}

/** More than these wait only while the queue is away: then the sweeper brings the others. */
const MOST_WAITING = 10_000
const AT_ONCE = 500

/** Orders accepted while the queue is being told go to it together, in one round trip. */
export function createWaker(queue: OrderQueue, ttlMs: number, { onTrouble, carried }: WakerDeps): Waker {
  const waiting = new Map<string, string | null>()
  let telling: Promise<void> | null = null

  const tell = async () => {
    while (waiting.size > 0) {
      const carriers = new Map([...waiting].slice(0, AT_ONCE))
      const orderIds = [...carriers.keys()]
      for (const orderId of orderIds) waiting.delete(orderId)
      try {
        await wakeOrders(queue, orderIds, ttlMs, 'interactive', carriers)
      } catch (error) {
        onTrouble(error)
      }
    }
    telling = null
  }
  return {
    wake(orderId) {
      if (waiting.size < MOST_WAITING) waiting.set(orderId, carried())
      telling ??= tell()
    },
    async stop(withinMs) {
      if (telling === null) return
      await Promise.race([telling, pause(withinMs, undefined, { ref: false })])
    },
  }
}
