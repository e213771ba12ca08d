import { errorCode, Failure } from '../cli/failure.ts'
import type { Settings } from '../config.ts'
import type { GatewayDeps } from '../gateway/client.ts'
import type { WorkMetrics } from '../observability/work-metrics.ts'

/** The metrics of a process; none where no port is set. */
export interface ConfiguredMetrics {
  readonly onCall?: NonNullable<GatewayDeps['onCall']>
  readonly counts?: WorkMetrics['counts']
}

/** Serves the metrics and the probe of a worker or a scheduler. prom-client is loaded only where a port is set. */
export async function startConfiguredMetrics(
  settings: Settings,
  databaseUrl: string,
): Promise<ConfiguredMetrics & { stop(): Promise<void> }> {
  const {
    metricsPort,
    http: { host },
  } = settings
  if (metricsPort === null) return { async stop() {} }
  const [{ createWorkMetrics }, { startMetricsServer }, { openWorkProbe }] = await Promise.all([
    import('../observability/work-metrics.ts'),
    import('../observability/metrics-server.ts'),
    import('./work-probe.ts'),
  ])
  const metrics = createWorkMetrics()
  const workProbe = openWorkProbe(settings, databaseUrl)
  try {
    const server = await startMetricsServer(metrics.read, { host, port: metricsPort }, workProbe.probe)
    return {
      ...metrics,
      async stop() {
        server.stop()
        await workProbe.stop()
      },
    }
  } catch (error) {
    await workProbe.stop()
    throw new Failure(
      1,
      `cannot serve metrics at ${host}:${metricsPort} (${errorCode(error)}): set METRICS_PORT`,
    )
  }
}
