/** Work that is repeated until it is stopped. */
export interface PeriodicTask {
  /** Starts no further run, and returns when the current one has ended. */
  stop(): Promise<void>
}

/** Does the work now, and again `everyMs` after each run ends. Errors go to onFailure, and the work is repeated. */
export function runEvery(
  everyMs: number,
  work: () => Promise<void>,
  onFailure: (error: unknown) => void,
): PeriodicTask {
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  const once = async () => {
    try {
      await work()
    } catch (error) {
      onFailure(error)
    }
    if (!isStopped) timer = setTimeout(() => (running = once()), everyMs)
  }
  let running = once()
  return {
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await running
    },
  }
}
