import { NO_TRACES, type RunningTraces } from '../core/traces.ts'
import type { TracesSettings } from './traces-settings.ts'

/** Starts traces where a receiver is configured. OpenTelemetry is loaded only then. */
export async function startTraces(settings: TracesSettings): Promise<RunningTraces> {
  const { endpoint } = settings
  if (endpoint === null) return NO_TRACES
  const { openTraces } = await import('./open-traces.ts')
  return openTraces({ ...settings, endpoint })
}
