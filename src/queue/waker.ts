import { setTimeout as pause } from 'node:timers/promises'
import type { OrderQueue } from './backend.ts'
import { wakeOrders } from './order-worker.ts'

/** Wakes orders in the background: the request that accepted an order does not wait for the queue. */
export interface Waker {
  wake(orderId: string): void
  /** Returns when all orders were woken, or the time is over. */
  stop(withinMs: number): Promise<void>
}

export interface WakerDeps {
  onError(error: unknown): void
  /** The trace of the caller, which the order's job continues. */
  carried(): string | null
}

/** Reached only while the queue is unavailable; the sweeper wakes further orders. */
const MAX_WAITING = 10_000
const CHUNK_SIZE = 500

/** Orders that are accepted during a round trip to the queue share the next one. */
export function createWaker(queue: OrderQueue, ttlMs: number, { onError, carried }: WakerDeps): Waker {
  const waiting = new Map<string, string | null>()
  let waking: Promise<void> | null = null

  const wakeAll = async () => {
    while (waiting.size > 0) {
      const carriers = new Map([...waiting].slice(0, CHUNK_SIZE))
      const orderIds = [...carriers.keys()]
      for (const orderId of orderIds) waiting.delete(orderId)
      try {
        await wakeOrders(queue, orderIds, ttlMs, 'interactive', carriers)
      } catch (error) {
        onError(error)
      }
    }
    waking = null
  }
  return {
    wake(orderId) {
      if (waiting.size < MAX_WAITING) waiting.set(orderId, carried())
      waking ??= wakeAll()
    },
    async stop(withinMs) {
      if (waking === null) return
      await Promise.race([waking, pause(withinMs, undefined, { ref: false })])
    },
  }
}
