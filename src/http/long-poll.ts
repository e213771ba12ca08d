import { setTimeout as pause } from 'node:timers/promises'
import { createBulkhead } from './bulkhead.ts'

/** Holds requests until what they wait for is there. One query asks for all of them. */
export interface LongPoll {
  /**
   * Waits until the order has ended or is in doubt or the feed has news, the seconds have passed, `signal` is aborted, or the
   * server stops.
   * Waiting is best effort: it returns at once when too many requests wait, of all partners or of this one.
   */
  waitFor(request: WaitRequest): Promise<void>
  /** Releases every waiting request; later ones do not wait. */
  stop(): void
}

export interface WaitRequest {
  /** The order's id as the database formats it, or a place in a feed. */
  readonly key: string
  readonly partner: string
  readonly seconds: number
  readonly signal: AbortSignal
}

export interface LongPollDeps {
  /** Which of these keys need not wait any longer. */
  findReady(keys: readonly string[]): Promise<string[]>
  onError(error: unknown): void
  readonly everyMs: number
  /** Requests that may wait at once; one partner may have half of them. */
  readonly maxWaits: number
}

export function createLongPoll({ findReady, onError, everyMs, maxWaits }: LongPollDeps): LongPoll {
  const waiting = new Map<symbol, { key: string; release(): void }>()
  const bulkhead = createBulkhead({ slots: maxWaits, slotsPerPartner: Math.max(Math.ceil(maxWaits / 2), 1) })
  let isStopped = false
  let isPolling = false

  const poll = async () => {
    if (isPolling) return
    isPolling = true
    while (waiting.size > 0) {
      await pause(everyMs)
      try {
        const keys = [...new Set([...waiting.values()].map(({ key }) => key))]
        const ready = new Set(keys.length === 0 ? [] : await findReady(keys))
        for (const { key, release } of [...waiting.values()]) if (ready.has(key)) release()
      } catch (error) {
        onError(error)
      }
    }
    isPolling = false
  }

  return {
    async waitFor({ key, partner, seconds, signal }) {
      if (isStopped || seconds <= 0 || signal.aborted) return
      const taken = bulkhead.take(partner)
      if (taken.is !== 'taken') return
      const id = Symbol(key)
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
        waiting.set(id, { key, release })
        void poll()
      })
    },
    stop() {
      isStopped = true
      for (const { release } of [...waiting.values()]) release()
    },
  }
}
