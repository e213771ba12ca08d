import { hostname } from 'node:os'
import { Command } from 'commander'
import { readyDatabaseUrl, settingsHere } from '../cli/context.ts'
import { endSignal, exitAtTheLatestIn } from '../cli/signals.ts'
import type { Settings } from '../config.ts'
import type { PeriodicTask } from '../core/periodic-task.ts'
import type { Logger } from '../observability/log.ts'
import { createLog } from '../observability/log.ts'
import { startWebhookSender } from '../webhooks/start-sender.ts'
import { startConfiguredMetrics } from './configured-metrics.ts'
import { startHeartbeat } from './heartbeat.ts'
import { logNewerTables } from './newer-tables.ts'
import { startHistorySweeper } from './scheduler/history-sweeper.ts'
import { startReconScheduler } from './scheduler/recon-scheduler.ts'
import { overdueRulesOf, startRiskScheduler } from './scheduler/risk-scheduler.ts'
import { startSchedulersOfOrders } from './scheduler/schedulers-of-orders.ts'
import { requireWalletPolicy } from './wallet-policy.ts'

/**
 * How long what is under way may take to end: a webhook's call takes 15 seconds at the most. A reconciliation or a copy that
 * takes longer is a transaction, and is begun anew by the next scheduler.
 */
export const STOP_WITHIN_MS = 50_000

/** `goldpro scheduler` */
export function schedulerCommand(): Command {
  return new Command('scheduler')
    .description('run plans, feed batches, send webhooks and reconcile yesterday, until SIGTERM or Ctrl-C')
    .addHelpText(
      'after',
      `
Start any number of schedulers: Postgres makes sure that only one of them reconciles a day, acts on a due time of a plan or
sends a webhook. They take turns in feeding running batches.

- Reconciliation: from RECON_DAILY_AT on (Asia/Jakarta) yesterday is reconciled as soon as its statement is imported. Missed
  days are reconciled too, up to a week. Overdue statements are logged every hour.
- Plans (\`goldpro plan\`) and batches (\`goldpro batch\`): due orders are placed.
- Orders: where GATEWAY_URL is set, forgotten and overdue orders are swept as by a worker, after GATEWAY_TIMEOUT_MS.
- Webhooks (\`goldpro webhook\`): due ones are sent; those that ended WEBHOOK_KEEP_DAYS ago are deleted.

The scheduler never calls the gateway and needs none of its credentials.

Example:
  $ DATABASE_URL=postgres://… goldpro scheduler`,
    )
    .action(runScheduler)
}

async function runScheduler(): Promise<void> {
  const settings = await settingsHere()
  const databaseUrl = await readyDatabaseUrl(settings)
  const log = createLog(settings.logLevel)
  await logNewerTables(databaseUrl, log)
  await requireWalletPolicy(settings, databaseUrl, { log })
  const metrics = await startConfiguredMetrics(settings, databaseUrl, { measuresRisks: true })
  const scheduler = startConfiguredScheduler(settings, databaseUrl, log)
  log.info({ recon_daily_at: settings.reconDailyAt }, 'scheduler started')
  const signal = await endSignal()
  log.info({ signal }, 'scheduler stops')
  exitAtTheLatestIn(STOP_WITHIN_MS, 1)
  await scheduler.stop()
  await metrics.stop()
  log.info({}, 'scheduler stopped')
}

/** Starts every scheduler by the settings. */
export function startConfiguredScheduler(settings: Settings, databaseUrl: string, log: Logger): PeriodicTask {
  const parts = { databaseUrl, name: `${hostname()}-${process.pid}`, log }
  const { reconDailyAt: dailyAt, reconLagMs: lagMs } = settings
  const started = [
    startHeartbeat('scheduler', parts),
    startRiskScheduler({ ...parts, rules: overdueRulesOf(settings), receiver: settings.opsWebhook }),
    startReconScheduler({ ...parts, dailyAt, lagMs }),
    ...startSchedulersOfOrders(settings, databaseUrl, log),
    startWebhookSender({ databaseUrl, allowLoopback: settings.webhookAllowLoopback, log }),
    startHistorySweeper({ databaseUrl, webhookKeepDays: settings.webhookKeepDays, log }),
  ]
  return {
    async stop() {
      await Promise.all(started.map((each) => each.stop()))
    },
  }
}
