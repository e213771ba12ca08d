import { NO_TRACES, type RunningTraces } from './traces.ts'

export interface TracesSettings {
  /** The receiver's base address, without `/v1/traces`; null: no traces. */
  readonly endpoint: string | null
  /** What this process is called in traces. */
  readonly service: string
  readonly version: string
  /** Told of trouble with the receiver. */
  onTrouble(message: string): void
}

/** Starts traces where a receiver is configured. OpenTelemetry is not even loaded where none is. */
export async function startTraces(settings: TracesSettings): Promise<RunningTraces> {
  const { endpoint } = settings
  if (endpoint === null) return NO_TRACES
  const { openTraces } = await import('./open-traces.ts')
  return openTraces({ ...settings, endpoint })
}
