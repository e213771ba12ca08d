import { createRequire } from 'node:module'
import type { Settings } from '../config.ts'
import type { RunningTraces } from '../core/traces.ts'
import type { Logger } from '../observability/log.ts'
import { startTraces } from '../observability/start-traces.ts'

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

/** A receiver that is away is tried every second, and told of less often. */
const TELL_EVERY_MS = 60_000

/** Starts traces as the settings say. */
export async function startConfiguredTraces(
  { tracesEndpoint }: Settings,
  command: 'web' | 'worker' | 'up',
  log: Logger,
): Promise<RunningTraces> {
  let toldAtMs = Number.NEGATIVE_INFINITY
  return await startTraces({
    endpoint: tracesEndpoint,
    service: `goldpro-${command}`,
    version,
    onTrouble(message) {
      if (performance.now() - toldAtMs < TELL_EVERY_MS) return
      toldAtMs = performance.now()
      log.warn({ trouble: message.slice(0, 300) }, 'traces not sent')
    },
  })
}
