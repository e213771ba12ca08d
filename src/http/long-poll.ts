import { setTimeout as pause } from 'node:timers/promises'

/** Requests that are held until their order ends. One question to Postgres is asked for all of them together. */
export interface Waits {
  /**
   * Returns when the order ended or is in doubt, when the seconds are over, when `gone` is aborted, when the server
   * stops, or at once when too many wait already, of all or of this partner: waiting is a wish.
   */
  hold(wish: Wish): Promise<void>
  /** Lets everybody go, and nobody wait any more. */
  stop(): void
}

/** Who wants to wait for what. */
export interface Wish {
  /** As the database writes it. */
  readonly orderId: string
  readonly partner: string
  readonly seconds: number
  readonly gone: AbortSignal
}

export interface WaitEffects {
  /** Which of these orders ended or are in doubt. */
  findEnded(orderIds: readonly string[]): Promise<string[]>
  onTrouble(error: unknown): void
  readonly everyMs: number
  /** Half of them at most are one partner's. */
  readonly most: number
}

export function createWaits({ findEnded, onTrouble, everyMs, most }: WaitEffects): Waits {
  const waiting = new Map<symbol, { orderId: string; partner: string; release(): void }>()
  const isFull = (partner: string) => {
    const theirs = [...waiting.values()].filter((each) => each.partner === partner)
    return waiting.size >= most || theirs.length >= most / 2
  }
  let isStopped = false
  let isAsking = false

  const ask = async () => {
    if (isAsking) return
    isAsking = true
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
    isAsking = false
  }

  return {
    async hold({ orderId, partner, seconds, gone }) {
      if (isStopped || seconds <= 0 || gone.aborted || isFull(partner)) return
      const id = Symbol(orderId)
      await new Promise<void>((resolve) => {
        const release = () => {
          clearTimeout(timer)
          gone.removeEventListener('abort', release)
          waiting.delete(id)
          resolve()
        }
        const timer = setTimeout(release, seconds * 1_000)
        gone.addEventListener('abort', release)
        waiting.set(id, { orderId, partner, release })
        void ask()
      })
    },
    stop() {
      isStopped = true
      for (const { release } of [...waiting.values()]) release()
    },
  }
}
