/** Brings orders whose turn has come to the queue as soon as this worker has ended the ones before them. */
export interface LaneWaker {
  laneLeft(): void
  /** Returns when no run is under way. Turns that are left are the sweeper's. */
  stop(): Promise<void>
}

export interface LaneWakerDeps {
  /** Takes the orders whose turn has come. */
  take(): Promise<readonly string[]>
  wake(orderIds: readonly string[]): Promise<void>
  onError(error: unknown): void
}

/** Orders that end within so many milliseconds share a look: where wallets differ, it finds nothing. */
const PACE_MS = 20

/** Postgres has marked who is next when an order ended; this only saves them the sweeper's pause. */
export function createLaneWaker({ take, wake, onError }: LaneWakerDeps): LaneWaker {
  let isLeft = false
  let isStopped = false
  let running: Promise<void> | null = null
  let timer: NodeJS.Timeout | undefined

  const look = async () => {
    isLeft = false
    try {
      const next = await take()
      if (next.length > 0) await wake(next)
    } catch (error) {
      onError(error)
    }
    if (isStopped) return
    timer = setTimeout(() => {
      running = isLeft ? look() : null
    }, PACE_MS)
  }
  return {
    laneLeft() {
      isLeft = true
      if (!isStopped) running ??= look()
    },
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await running
    },
  }
}
