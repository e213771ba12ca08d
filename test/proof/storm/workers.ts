import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { BreakerRules } from '../../../src/breaker/rules.ts'
import type { Incidents } from './incidents.ts'

const PROGRAM = fileURLToPath(new URL('worker.mjs', import.meta.url))

/** What every worker process of a storm is started with. */
export interface WorkerSettings {
  readonly databaseUrl: string
  readonly redisUrl: string | null
  readonly gatewayUrl: string
  readonly callTimeoutMs: number
  readonly concurrency: number
  /** The safety that is taken out of it; null: none. */
  readonly mutant: string | null
  readonly breaker: BreakerRules
}

interface WorkerProcess {
  readonly name: string
  readonly child: ChildProcess
  isFrozen: boolean
}

export interface Workers {
  /** Kills the worker of a slot with SIGKILL, and starts another one after a while. */
  kill(slot: number, pauseMs: number): Promise<void>
  /** Stops the worker of a slot with SIGSTOP, and lets it go on after a while, in the background. */
  freeze(slot: number, ms: number): void
  /** Lets the frozen go on. */
  thaw(): void
  /** Asks all to stop, and returns when they have. */
  stop(): Promise<void>
  /** Kills all at once. */
  end(): void
  /** Errors that the workers logged, with how often. */
  errors(): ReadonlyMap<string, number>
  /** Workers that ended though nobody killed them. */
  ended(): readonly string[]
}

const STOP_WITHIN_MS = 60_000

/** Starts the worker processes of a storm. Each start has a name of its own, which its attempts have. */
export function startWorkers(slots: number, settings: WorkerSettings, incidents: Incidents): Workers {
  const errors = new Map<string, number>()
  const ended: string[] = []
  const expected = new Set<ChildProcess>()
  let starts = 0
  let isOver = false

  const start = (): WorkerProcess => {
    starts += 1
    const name = `storm-${starts}`
    const child = fork(PROGRAM, [JSON.stringify({ ...settings, name })], {
      // Node's options are those of the tests' process.
      ...{ stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] },
    })
    child.on('message', (message: { error?: string }) => {
      if (message.error !== undefined) errors.set(message.error, (errors.get(message.error) ?? 0) + 1)
    })
    child.on('exit', (code, signal) => {
      if (!expected.has(child)) ended.push(`${name} ended by itself: ${signal ?? `exit code ${code}`}`)
    })
    return { name, child, isFrozen: false }
  }
  const workers = Array.from({ length: slots }, start)
  const at = (slot: number) => workers[slot % slots] as WorkerProcess
  const thaw = (worker: WorkerProcess) => {
    worker.isFrozen = false
    worker.child.kill('SIGCONT')
  }

  return {
    async kill(slot, pauseMs) {
      const { name, child } = at(slot)
      expected.add(child)
      const gone = once(child, 'exit')
      incidents.note('kill', name)
      child.kill('SIGKILL')
      await gone
      await wait(pauseMs)
      if (!isOver) workers[slot % slots] = start()
    },
    freeze(slot, ms) {
      const worker = at(slot)
      if (worker.isFrozen) return
      worker.isFrozen = true
      const end = incidents.begin('freeze', worker.name)
      worker.child.kill('SIGSTOP')
      setTimeout(() => {
        thaw(worker)
        end()
      }, ms)
    },
    thaw: () => workers.filter(({ isFrozen }) => isFrozen).forEach(thaw),
    async stop() {
      isOver = true
      await Promise.all(workers.map(({ child }) => stopped(child, expected)))
    },
    end() {
      isOver = true
      for (const { child } of workers) {
        expected.add(child)
        child.kill('SIGKILL')
      }
    },
    errors: () => errors,
    ended: () => ended,
  }
}

async function stopped(child: ChildProcess, expected: Set<ChildProcess>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  expected.add(child)
  const gone = once(child, 'exit')
  child.send('stop')
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
  await gone
  clearTimeout(late)
}
