/** Resolves on the first SIGINT or SIGTERM. A second one ends the program at once: whoever sends it means it. */
export function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isSecond = false
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        if (isSecond) process.exit(1)
        isSecond = true
        resolve(signal)
      })
  })
}

/** Ends the program by force when stopping takes longer than `ms`: nothing waits for a peer that is gone. */
export function exitAtTheLatestIn(ms: number, code: number): void {
  setTimeout(() => process.exit(code), ms).unref()
}
