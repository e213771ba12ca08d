import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '../postgres/pool.ts'
import { isUpToDate } from '../postgres/readiness.ts'

/** Whether this server can accept orders, and the state of its dependencies. */
export interface Readiness {
  readonly isReady: boolean
  readonly database: 'up' | 'down'
  readonly migrations: 'current' | 'behind' | 'unknown'
  /** For information only: without the queue orders are accepted, and run when it is back. */
  readonly queue: 'up' | 'down'
}

export interface ReadinessDeps {
  readonly database: Database
  /** Fails when the queue does not answer. */
  askQueue(): Promise<unknown>
  readonly withinMs: number
}

export async function readReadiness(deps: ReadinessDeps): Promise<Readiness> {
  const { database, askQueue, withinMs } = deps
  const [migrated, queue] = await Promise.all([
    settled(() => isUpToDate(database), withinMs),
    settled(askQueue, withinMs),
  ])
  const isUp = migrated.is === 'answered'
  return {
    isReady: isUp && migrated.value,
    database: isUp ? 'up' : 'down',
    migrations: isUp ? (migrated.value ? 'current' : 'behind') : 'unknown',
    queue: queue.is === 'answered' ? 'up' : 'down',
  }
}

type Settled<T> = { readonly is: 'answered'; readonly value: T } | { readonly is: 'failed' }

async function settled<T>(ask: () => Promise<T>, withinMs: number): Promise<Settled<T>> {
  const over = new AbortController()
  const late = pause(withinMs, { is: 'failed' } as const, { signal: over.signal }).catch(
    () => ({ is: 'failed' }) as const,
  )
  const answered = ask().then(
    (value) => ({ is: 'answered', value }) as const,
    () => ({ is: 'failed' }) as const,
  )
  const first = await Promise.race([answered, late])
  over.abort()
  return first
}
