import { errorCode, Failure } from '../cli/failure.ts'
import type { Settings } from '../config.ts'
import { CLOCKS } from '../core/clocks.ts'
import type { GatewayDeps } from '../gateway/client.ts'
import type { RiskMeasure, WorkMetrics } from '../observability/work-metrics.ts'
import { openDatabase } from '../postgres/pool.ts'

/** The metrics of a process; none where no port is set. */
export interface ConfiguredMetrics {
  readonly onCall?: NonNullable<GatewayDeps['onCall']>
  readonly counts?: WorkMetrics['counts']
}

/**
 * Serves the metrics and the probe of a worker or a scheduler. prom-client is loaded only where a port is set.
 * @param measuresRisks whether what is at risk in the whole installation is measured here: once is enough
 */
export async function startConfiguredMetrics(
  settings: Settings,
  databaseUrl: string,
  { measuresRisks = false } = {},
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
  const risks = measuresRisks ? await openRiskMeasure(databaseUrl) : null
  const metrics = createWorkMetrics(risks)
  const workProbe = openWorkProbe(settings, databaseUrl)
  try {
    const server = await startMetricsServer(metrics.read, { host, port: metricsPort }, workProbe.probe)
    return {
      ...metrics,
      async stop() {
        server.stop()
        await Promise.all([workProbe.stop(), risks?.stop()])
      },
    }
  } catch (error) {
    await Promise.all([workProbe.stop(), risks?.stop()])
    throw new Failure(
      1,
      `cannot serve metrics at ${host}:${metricsPort} (${errorCode(error)}): set METRICS_PORT`,
    )
  }
}

async function openRiskMeasure(databaseUrl: string): Promise<RiskMeasure & { stop(): Promise<void> }> {
  const [{ readRiskFigures }, { RISK_NAMES }] = await Promise.all([
    import('../risk/figures.ts'),
    import('../risk/enums.ts'),
  ])
  const database = openDatabase({ databaseUrl, maxConnections: 1, onError: () => {} })
  return {
    everyRisk: RISK_NAMES,
    measure: () => readRiskFigures(database),
    monotonicMs: CLOCKS.monotonicMs,
    stop: () => database.close(),
  }
}
