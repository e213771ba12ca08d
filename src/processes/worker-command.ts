import { hostname } from 'node:os'
import { Command } from 'commander'
import { readyDatabaseUrl, requireGateway, requireQueue, settingsHere } from '../cli/context.ts'
import { Failure } from '../cli/failure.ts'
import { endSignal, exitAtTheLatestIn } from '../cli/signals.ts'
import type { GatewaySettings, Settings } from '../config.ts'
import { CLOCKS } from '../core/clocks.ts'
import { parseRupiah } from '../core/money.ts'
import type { Traces } from '../core/traces.ts'
import { createGatewayClient } from '../gateway/client.ts'
import type { Logger } from '../observability/log.ts'
import { createLog } from '../observability/log.ts'
import { sendDeadlineMs } from '../orders/deps.ts'
import { breakerRulesOf } from './breaker-rules.ts'
import { type ConfiguredMetrics, startConfiguredMetrics } from './configured-metrics.ts'
import { startConfiguredTraces } from './configured-traces.ts'
import { startHeartbeat } from './heartbeat.ts'
import { logNewerTables } from './newer-tables.ts'
import { startPriceCapture } from './scheduler/price-capture.ts'
import { requireWalletPolicy } from './wallet-policy.ts'
import { type RunningWorker, startWorker } from './worker.ts'

/** `goldpro worker` */
export function workerCommand(): Command {
  return new Command('worker')
    .description('take orders from the queue through the gateway into Postgres, until SIGTERM or Ctrl-C')
    .addHelpText(
      'after',
      `
Needs GATEWAY_URL and DATABASE_URL (or a \`goldpro up\` in this folder); REDIS_URL moves the queue to Redis.
On SIGTERM it takes no more orders, lets sent confirms finish and ends within the send deadline.
Start any number of workers. With GATEWAY_CHART_PHONE_NUMBER one of them captures the prices of the day, which
\`goldpro prices\` shows.

Example:
  $ DATABASE_URL=postgres://… GATEWAY_URL=https://… goldpro worker`,
    )
    .action(runWorker)
}

async function runWorker(): Promise<void> {
  const settings = await settingsHere()
  const { gateway } = settings
  if (gateway === null)
    throw new Failure(2, 'GATEWAY_URL is not set: set it to the gateway, or to a running `goldpro sandbox`')
  const databaseUrl = await readyDatabaseUrl(settings)
  await requireQueue(settings)
  await requireGateway(gateway.baseUrl)
  const log = createLog(settings.logLevel)
  await logNewerTables(databaseUrl, log)
  await requireWalletPolicy(settings, databaseUrl, { log })
  const traces = await startConfiguredTraces(settings, 'worker', log)
  const metrics = await startConfiguredMetrics(settings, databaseUrl)
  const worker = startConfiguredWorker({ ...settings, databaseUrl, gateway }, { traces, ...metrics }, log)
  log.info(
    { queue: settings.redisUrl === null ? 'postgres' : 'redis', concurrency: settings.concurrency },
    'worker started',
  )
  const signal = await endSignal()
  log.info({ signal }, 'worker stops: it takes no more orders and lets sent confirms finish')
  exitAtTheLatestIn(sendDeadlineMs(gateway.timeoutMs), 1)
  await worker.stop()
  await metrics.stop()
  await traces.stop()
  log.info({}, 'worker stopped')
}

/** Starts a worker by the settings, with the gateway's client. */
export function startConfiguredWorker(
  settings: Settings & { databaseUrl: string; gateway: GatewaySettings },
  { traces, onCall, counts }: ConfiguredMetrics & { readonly traces: Traces },
  log: Logger,
): RunningWorker {
  const client = createGatewayClient(settings.gateway, {
    ...CLOCKS,
    log,
    ...(onCall === undefined ? {} : { onCall }),
  })
  const worker = startWorker({
    databaseUrl: settings.databaseUrl,
    redisUrl: settings.redisUrl,
    gateway: client,
    callTimeoutMs: settings.gateway.timeoutMs,
    concurrency: settings.concurrency,
    ratePerSecond: settings.ratePerSecond,
    maxRequotes: settings.maxRequotes,
    quoteMaxAgeMs: settings.quoteMaxAgeMs,
    maxQuoteFee: settings.maxQuoteFee === null ? null : parseRupiah(settings.maxQuoteFee),
    debitsDuringDoubt: settings.debitsDuringDoubt,
    breaker: breakerRulesOf(settings),
    name: `${hostname()}-${process.pid}`,
    log,
    traces,
    ...(counts === undefined ? {} : { counts }),
  })
  const { databaseUrl, chartPhoneNumber: wallet } = settings
  const heartbeat = startHeartbeat('worker', { databaseUrl, log })
  // Not in the scheduler, which calls partners' URLs and therefore has no secret of the gateway.
  const prices =
    wallet === null
      ? null
      : startPriceCapture({ databaseUrl, chart: (side) => client.chart(side, wallet), log })
  return {
    async stop() {
      await Promise.all([worker.stop(), prices?.stop()])
      await heartbeat.stop()
      client.close()
    },
  }
}
