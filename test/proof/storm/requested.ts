import { existsSync } from 'node:fs'
import type { Backend } from './place.ts'

/** What `main.mjs` was asked for, which hands it on to the tests' process. */
export interface Requested {
  readonly orders: number
  readonly seed: number
  readonly backends: readonly Backend[]
  readonly mutants: readonly string[]
  /** Exists once everything is to be stopped. */
  readonly stopFile: string
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

const LOOK_EVERY_MS = 200

/**
 * Aborted when `main.mjs` is told to stop. Ctrl-C reaches every process, so this one leaves the signals to that one, and
 * stops its servers before it ends.
 */
export function stopSignal({ stopFile }: Requested): AbortSignal {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
  const stopping = new AbortController()
  const looking = setInterval(() => {
    if (!existsSync(stopFile)) return
    clearInterval(looking)
    stopping.abort(new Error('the storm was stopped'))
  }, LOOK_EVERY_MS)
  looking.unref()
  return stopping.signal
}
