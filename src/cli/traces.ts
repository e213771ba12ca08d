import { createRequire } from 'node:module'
import type { Logger } from 'pino'
import type { Settings } from '../config.ts'
import { startTraces } from '../tracing/start-traces.ts'
import type { RunningTraces } from '../tracing/traces.ts'

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

/** Starts traces as the settings say. */
export async function startConfiguredTraces(
  { tracesEndpoint }: Settings,
  command: 'web' | 'worker' | 'up',
  log: Logger,
): Promise<RunningTraces> {
  return await startTraces({
    endpoint: tracesEndpoint,
    service: `goldpro-${command}`,
    version,
    onTrouble: (message) => log.warn({ trouble: message.slice(0, 300) }, 'traces not sent'),
  })
}
