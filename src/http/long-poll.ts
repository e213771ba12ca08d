import { setTimeout as pause } from 'node:timers/promises'
import { createBulkhead } from './bulkhead.ts'

/** Requests that are held until their order ends. One query asks for all of them together. */
export interface LongPoll {
  /**
   * Waits until the order has ended or is in doubt, the seconds are over, `signal` is aborted, or the server stops.
   * Waiting is best effort: it returns at once when too many wait already, of all or of this partner.
   */
  waitFor(request: WaitRequest): Promise<void>
  /** Releases every request that waits, and lets none wait any more. */
  stop(): void
}

export interface WaitRequest {
  /** As the database writes it. */
  readonly orderId: string
  readonly partner: string
  readonly seconds: number
  readonly signal: AbortSignal
}

export interface LongPollDeps {
  /** Which of these orders ended or are in doubt. */
  findEnded(orderIds: readonly string[]): Promise<string[]>
  onTrouble(error: unknown): void
  readonly everyMs: number
  /** Half of them at most are one partner's. */
  readonly most: number
}

export function createLongPoll({ findEnded, onTrouble, everyMs, most }: LongPollDeps): LongPoll {
  const waiting = new Map<symbol, { orderId: string; release(): void }>()
  const bulkhead = createBulkhead({ slots: most, slotsPerPartner: Math.max(Math.ceil(most / 2), 1) })
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
        onTrouble(error)
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
