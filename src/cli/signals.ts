// Imports nothing: it is loaded before anything else, for a process with PID 1 loses every signal that it has no handler for.

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const

type EndSignal = keyof typeof SIGNALS

/** Who is told of the first signal; nobody while a program starts, or when a command is soon done. */
let onEnd: ((signal: EndSignal) => void) | null = null
let isEnding = false

/**
 * Takes SIGINT and SIGTERM from now on. Until somebody waits for them by `endSignal` they end the program at once, with
 * 128 and the signal's number: nothing that must be finished has begun. A second one ends it whatever it is doing.
 */
export function catchSignals(): void {
  for (const [signal, code] of Object.entries(SIGNALS) as [EndSignal, number][])
    process.on(signal, () => {
      if (isEnding) process.exit(1)
      isEnding = true
      if (onEnd !== null) return onEnd(signal)
      console.error(`goldpro: ended by ${signal} before it was started or done`)
      process.exit(code)
    })
}

/** Resolves on the first SIGINT or SIGTERM. A second one ends the program at once: whoever sends it means it. */
export function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    onEnd = resolve
  })
}

/** Ends the program by force when stopping takes longer than `ms`: nothing waits for a peer that is gone. */
export function exitAtTheLatestIn(ms: number, code: number): void {
  setTimeout(() => process.exit(code), ms).unref()
}
