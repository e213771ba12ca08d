// Imports nothing, so that it is loaded first: a process with PID 1 loses every signal that it has no handler for.

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const

type EndSignal = keyof typeof SIGNALS

/** Called at the first signal. Null while a program starts, and in commands that end by themselves. */
let onEnd: ((signal: EndSignal) => void) | null = null
let isEnding = false

/**
 * Handles SIGINT and SIGTERM from now on. Until `endSignal` is called, a signal ends the program at once with exit code 128
 * plus the signal's number: nothing that must be finished has begun. A second signal always ends it at once.
 */
export function catchSignals(): void {
  for (const [signal, code] of Object.entries(SIGNALS) as [EndSignal, number][])
    process.on(signal, () => {
      if (isEnding) process.exit(1)
      isEnding = true
      if (onEnd !== null) return onEnd(signal)
      console.error(`goldpro: ended by ${signal} before it had started or finished`)
      process.exit(code)
    })
}

/** Resolves on the first SIGINT or SIGTERM. A second one ends the program at once. */
export function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    onEnd = resolve
  })
}

/** Exits by force when stopping takes longer than `ms`, so that no lost peer can hold the process. */
export function exitAtTheLatestIn(ms: number, code: number): void {
  setTimeout(() => process.exit(code), ms).unref()
}
