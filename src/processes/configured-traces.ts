import { createRequire } from 'node:module'
import type { Settings } from '../config.ts'
import type { RunningTraces } from '../core/traces.ts'
import type { Logger } from '../observability/log.ts'
import { startTraces } from '../observability/start-traces.ts'

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

/** An unavailable receiver is tried every second, and logged once a minute. */
const LOG_EVERY_MS = 60_000

/** Starts traces by the settings. */
export async function startConfiguredTraces(
  { tracesEndpoint }: Settings,
  command: 'web' | 'worker' | 'up',
  log: Logger,
): Promise<RunningTraces> {
  let loggedAtMs = Number.NEGATIVE_INFINITY
  return await startTraces({
    endpoint: tracesEndpoint,
    service: `goldpro-${command}`,
    version,
    onError(message) {
      if (performance.now() - loggedAtMs < LOG_EVERY_MS) return
      loggedAtMs = performance.now()
      log.warn({ trouble: message.slice(0, 300) }, 'traces not sent')
    },
  })
}
