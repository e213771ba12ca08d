/** Something that is done again and again until it is stopped. */
export interface PeriodicTask {
  /** Begins nothing any more, and returns when what was begun has ended. */
  stop(): Promise<void>
}

/** Does the work now, and again `everyMs` after each end of it. Its failure is told, and it is tried again. */
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
