import type { Backend } from './place.ts'

/** What `main.mjs` was asked for, which hands it on to the tests' process. */
export interface Requested {
  readonly orders: number
  readonly seed: number
  readonly backends: readonly Backend[]
  readonly mutants: readonly string[]
}

export function requested(): Requested {
  const { STORM } = process.env
  if (STORM === undefined) throw new Error('run it by `npm run proof:storm`')
  return JSON.parse(STORM) as Requested
}

/** Progress, which is not part of the result. */
export function progress(name: string): (line: string) => void {
  return (line) => void process.stderr.write(`${name}: ${line}\n`)
}

/** Ctrl-C reaches every process: `main.mjs` says what to do then, and this process cleans up before it ends. */
export function leaveSignalsToMain(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
}
