import { createRequire } from 'node:module'
import { Command } from 'commander'
import { readyDatabaseUrl, settingsHere } from '../cli/context.ts'
import { errorCode, Failure } from '../cli/failure.ts'
import { endSignal, exitAtTheLatestIn } from '../cli/signals.ts'
import type { Settings } from '../config.ts'
import { CLOCKS } from '../core/clocks.ts'
import type { Traces } from '../core/traces.ts'
import { createGatewayClient } from '../gateway/client.ts'
import type { Logger } from '../observability/log.ts'
import { createLog } from '../observability/log.ts'
import { startConfiguredTraces } from './configured-traces.ts'
import { startHeartbeat } from './heartbeat.ts'
import { logNewerTables } from './newer-tables.ts'
import { requireWalletPolicy } from './wallet-policy.ts'
import { type RunningWeb, startWeb } from './web.ts'

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

/** How long open requests may take to end: longer than any request may run. */
export const STOP_WITHIN_MS = 25_000

/** `goldpro web` */
export function webCommand(): Command {
  return new Command('web')
    .description("serve the partners' API over HTTP, until SIGTERM or Ctrl-C")
    .addHelpText(
      'after',
      `
Needs DATABASE_URL (or a \`goldpro up\` in this folder), and the same REDIS_URL as the workers. Without GATEWAY_URL orders are
accepted, and routes that call the gateway (wallets, regions, prices) answer 503. When the queue is down, orders are accepted
and run once it is back. The API is at HTTP_HOST:HTTP_PORT, its description at /docs and /openapi.json, Prometheus metrics
at HTTP_METRICS_PORT/metrics. On SIGTERM open requests are answered first. Start any number, behind a proxy that
terminates TLS.

Example:
  $ DATABASE_URL=postgres://… goldpro web
  $ goldpro partner add acme`,
    )
    .action(runWeb)
}

async function runWeb(): Promise<void> {
  const settings = await settingsHere()
  const databaseUrl = await readyDatabaseUrl(settings)
  const log = createLog(settings.logLevel)
  await logNewerTables(databaseUrl, log)
  await requireWalletPolicy(settings, databaseUrl, { log })
  const { host, port } = settings.http
  const traces = await startConfiguredTraces(settings, 'web', log)
  const web = await startConfiguredWeb({ ...settings, databaseUrl }, traces, log).catch((error: unknown) => {
    throw new Failure(
      1,
      `cannot listen at ${host}:${port} (${errorCode(error)}): set HTTP_HOST, HTTP_PORT or HTTP_METRICS_PORT`,
    )
  })
  log.info({ url: web.url, metrics: web.metricsUrl }, 'web started')
  const signal = await endSignal()
  log.info({ signal }, 'web stops: open requests are answered')
  exitAtTheLatestIn(STOP_WITHIN_MS, 1)
  await web.stop()
  await traces.stop()
  log.info({}, 'web stopped')
}

/** Starts the API by the settings, with the gateway's client. */
export async function startConfiguredWeb(
  settings: Settings & { readonly databaseUrl: string },
  traces: Traces,
  log: Logger,
): Promise<RunningWeb> {
  const { http, gateway } = settings
  const client = gateway === null ? null : createGatewayClient(gateway, { ...CLOCKS, log })
  const { databaseUrl, redisUrl } = settings
  const web = await startWeb({
    ...{ databaseUrl, redisUrl, gateway: client, quotesPerSecond: settings.ratePerSecond },
    ...{ ...http, version, log, traces, webhookAllowLoopback: settings.webhookAllowLoopback },
    reconLagMs: settings.reconLagMs,
  })
  const heartbeat = startHeartbeat('web', { databaseUrl, log })
  return {
    ...web,
    async stop() {
      await web.stop()
      await heartbeat.stop()
      client?.close()
    },
  }
}

/** As `startConfiguredWeb`, on free ports where the configured ones are taken: a machine may run more than one `up`. */
export async function startWebSomewhere(
  settings: Settings & { readonly databaseUrl: string },
  traces: Traces,
  log: Logger,
): Promise<RunningWeb> {
  try {
    return await startConfiguredWeb(settings, traces, log)
  } catch (error) {
    if (errorCode(error) !== 'EADDRINUSE') throw error
    const http = { ...settings.http, port: 0, metricsPort: 0 }
    return await startConfiguredWeb({ ...settings, http }, traces, log)
  }
}
