import { hostname } from 'node:os'
import { Command } from 'commander'
import type { Logger } from 'pino'
import { startReconScheduler } from '../app.ts'
import type { Settings } from '../config.ts'
import { createLog } from '../log.ts'
import type { Repeating } from '../repeat.ts'
import { startWebhookSender } from '../webhooks/start-sender.ts'
import { readyDatabaseUrl, settingsHere } from './place.ts'
import { endSignal } from './signals.ts'

/** `goldpro scheduler` */
export function schedulerCommand(): Command {
  return new Command('scheduler')
    .description(
      'do what is due, until SIGTERM or Ctrl-C: send webhooks, and reconcile yesterday once its statement has come',
    )
    .addHelpText(
      'after',
      `
It sends webhooks as they become due (goldpro webhook --help). From RECON_DAILY_AT on (Asia/Jakarta) it reconciles
yesterday as soon as its statement is imported, and says every hour which statement is overdue. Days that were missed
are made up for, up to a week. Run as many as you like: Postgres lets one of them reconcile a day, and one send a webhook.

Example:
  $ DATABASE_URL=postgres://… goldpro scheduler`,
    )
    .action(runScheduler)
}

async function runScheduler(): Promise<void> {
  const settings = await settingsHere()
  const databaseUrl = await readyDatabaseUrl(settings)
  const log = createLog(settings.logLevel)
  const scheduler = startConfiguredScheduler(settings, databaseUrl, log)
  log.info({ recon_daily_at: settings.reconDailyAt }, 'scheduler started')
  const signal = await endSignal()
  log.info({ signal }, 'scheduler stops')
  await scheduler.stop()
  log.info({}, 'scheduler stopped')
}

/** Starts a scheduler as the settings say. */
export function startConfiguredScheduler(settings: Settings, databaseUrl: string, log: Logger): Repeating {
  const reconciling = startReconScheduler({
    databaseUrl,
    dailyAt: settings.reconDailyAt,
    lagMs: settings.reconLagMs,
    name: `${hostname()}-${process.pid}`,
    log,
  })
  const sending = startWebhookSender({ databaseUrl, allowLoopback: settings.webhookAllowLoopback, log })
  return {
    async stop() {
      await Promise.all([reconciling.stop(), sending.stop()])
    },
  }
}
