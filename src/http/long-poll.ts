import { setTimeout as pause } from 'node:timers/promises'
import { createBulkhead } from './bulkhead.ts'

/** Holds requests until their order ends. One query asks for all of them. */
export interface LongPoll {
  /**
   * Waits until the order has ended or is in doubt, the seconds have passed, `signal` is aborted, or the server stops.
   * Waiting is best effort: it returns at once when too many requests wait, of all partners or of this one.
   */
  waitFor(request: WaitRequest): Promise<void>
  /** Releases every waiting request; later ones do not wait. */
  stop(): void
}

export interface WaitRequest {
  /** As the database formats it. */
  readonly orderId: string
  readonly partner: string
  readonly seconds: number
  readonly signal: AbortSignal
}

export interface LongPollDeps {
  /** Which of these orders ended or are in doubt. */
  findEnded(orderIds: readonly string[]): Promise<string[]>
  onError(error: unknown): void
  readonly everyMs: number
  /** Requests that may wait at once; one partner may have half of them. */
  readonly maxWaits: number
}

export function createLongPoll({ findEnded, onError, everyMs, maxWaits }: LongPollDeps): LongPoll {
  const waiting = new Map<symbol, { orderId: string; release(): void }>()
  const bulkhead = createBulkhead({ slots: maxWaits, slotsPerPartner: Math.max(Math.ceil(maxWaits / 2), 1) })
  let isStopped = false
  let isPolling = false

  const poll = async () => {
    if (isPolling) return
    isPolling = true
    while (waiting.size > 0) {
      await pause(everyMs)
      try {
        const ids = [...new Set([...waiting.values()].map(({ orderId }) => orderId))]
        const ended = new Set(ids.length === 0 ? [] : await findEnded(ids))
        for (const { orderId, release } of [...waiting.values()]) if (ended.has(orderId)) release()
      } catch (error) {
        onError(error)
      }
    }
    isPolling = false
  }

  return {
    async waitFor({ orderId, partner, seconds, signal }) {
      if (isStopped || seconds <= 0 || signal.aborted) return
      const taken = bulkhead.take(partner)
      if (taken.is !== 'taken') return
      const id = Symbol(orderId)
      await new Promise<void>((resolve) => {
        const release = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', release)
          waiting.delete(id)
          taken.slot.release()
          resolve()
        }
        const timer = setTimeout(release, seconds * 1_000)
        signal.addEventListener('abort', release)
        waiting.set(id, { orderId, release })
        void poll()
      })
    },
    stop() {
      isStopped = true
      for (const { release } of [...waiting.values()]) release()
    },
  }
}
