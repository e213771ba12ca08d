import type { Settings } from '../config.ts'
import { readReadiness } from '../http/readiness.ts'
import type { Probe } from '../observability/metrics-server.ts'
import { openDatabase } from '../postgres/pool.ts'
import { openQueue } from '../queue/backend.ts'

const WITHIN_MS = 2_000

/** Checks Postgres and the queue; a worker or a scheduler needs both. */
export function openWorkProbe(
  { redisUrl }: Settings,
  databaseUrl: string,
): { readonly probe: Probe; stop(): Promise<void> } {
  const database = openDatabase({ databaseUrl, maxConnections: 1, onError: () => {} })
  const queue = openQueue({ redisUrl, databaseUrl }, () => {})
  return {
    async probe() {
      const askQueue = () => queue.getJobCounts()
      const readiness = await readReadiness({ database, askQueue, withinMs: WITHIN_MS })
      return { ...readiness, isReady: readiness.isReady && readiness.queue === 'up' }
    },
    async stop() {
      await Promise.all([queue.close(), database.close()])
    },
  }
}
