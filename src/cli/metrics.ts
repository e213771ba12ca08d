import type { Settings } from '../config.ts'
import type { GatewayEffects } from '../gateway/client.ts'
import type { WorkMetrics } from '../metrics/work-metrics.ts'
import { errorCode, Failure } from './failure.ts'

/** What a process measures of its work; nothing where no port is set. */
export interface ConfiguredMetrics {
  readonly onCall?: NonNullable<GatewayEffects['onCall']>
  readonly counts?: WorkMetrics['counts']
}

/** Serves the metrics of a worker or a scheduler as the settings say. prom-client is loaded only where a port is set. */
export async function startConfiguredMetrics({
  metricsPort,
  http: { host },
}: Settings): Promise<ConfiguredMetrics & { stop(): void }> {
  if (metricsPort === null) return { stop() {} }
  const [{ createWorkMetrics }, { startMetricsServer }] = await Promise.all([
    import('../metrics/work-metrics.ts'),
    import('../metrics/server.ts'),
  ])
  const metrics = createWorkMetrics()
  try {
    const server = await startMetricsServer(metrics.read, { host, port: metricsPort })
    return { ...metrics, stop: () => server.stop() }
  } catch (error) {
    throw new Failure(
      1,
      `cannot serve metrics at ${host}:${metricsPort} (${errorCode(error)}): set METRICS_PORT`,
    )
  }
}
