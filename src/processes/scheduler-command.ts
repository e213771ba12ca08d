import { hostname } from 'node:os'
import { Command } from 'commander'
import { readyDatabaseUrl, settingsHere } from '../cli/context.ts'
import { endSignal } from '../cli/signals.ts'
import type { Settings } from '../config.ts'
import type { PeriodicTask } from '../core/periodic-task.ts'
import type { Logger } from '../observability/log.ts'
import { createLog } from '../observability/log.ts'
import { startWebhookSender } from '../webhooks/start-sender.ts'
import { startConfiguredMetrics } from './configured-metrics.ts'
import { startHistorySweeper } from './scheduler/history-sweeper.ts'
import { startReconScheduler } from './scheduler/recon-scheduler.ts'
import { startSchedulersOfOrders } from './scheduler/schedulers-of-orders.ts'

/** `goldpro scheduler` */
export function schedulerCommand(): Command {
  return new Command('scheduler')
    .description(
      'do what is due, until SIGTERM or Ctrl-C: the orders of plans and batches, webhooks, and reconciling yesterday once its statement has come',
    )
    .addHelpText(
      'after',
      `
From RECON_DAILY_AT on (Asia/Jakarta) it reconciles yesterday as soon as its statement is imported, and says every hour
which statement is overdue. Days that were missed are made up for, up to a week. Run as many as you like: Postgres lets
one of them reconcile a day, one act on a plan's due time, and one send a webhook; the rows of running batches they send
in turns.

It keeps the plans of \`goldpro plan\` and feeds the batches of \`goldpro batch\`. Where GATEWAY_URL is set it sweeps as
workers do, after the same GATEWAY_TIMEOUT_MS. It sends webhooks as they become due (goldpro webhook --help), and deletes
those that ended WEBHOOK_KEEP_DAYS ago. It never calls the gateway, and needs none of its credentials.

Example:
  $ DATABASE_URL=postgres://… goldpro scheduler`,
    )
    .action(runScheduler)
}

async function runScheduler(): Promise<void> {
  const settings = await settingsHere()
  const databaseUrl = await readyDatabaseUrl(settings)
  const log = createLog(settings.logLevel)
  const metrics = await startConfiguredMetrics(settings, databaseUrl)
  const scheduler = startConfiguredScheduler(settings, databaseUrl, log)
  log.info({ recon_daily_at: settings.reconDailyAt }, 'scheduler started')
  const signal = await endSignal()
  log.info({ signal }, 'scheduler stops')
  await scheduler.stop()
  await metrics.stop()
  log.info({}, 'scheduler stopped')
}

/** Starts everything that is done when it is due, as the settings say. */
export function startConfiguredScheduler(settings: Settings, databaseUrl: string, log: Logger): PeriodicTask {
  const parts = { databaseUrl, name: `${hostname()}-${process.pid}`, log }
  const { reconDailyAt: dailyAt, reconLagMs: lagMs } = settings
  const started = [
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
