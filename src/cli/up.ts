import { join } from 'node:path'
import { Command } from 'commander'
import { startPlanScheduler } from '../app.ts'
import { parseSettings, type Settings } from '../config.ts'
import { migrateDatabase } from '../db/migrate.ts'
import { startLocalPostgres } from '../local/postgres.ts'
import { announceUp, withdrawUp } from '../local/running-up.ts'
import { createLog } from '../log.ts'
import { sendDeadlineMs } from '../orders/effects.ts'
import { migrateQueue } from '../queue/probe.ts'
import type { Repeating } from '../repeat.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { LOCAL_FOLDER, orUnreachable, requireGateway, requireQueue } from './place.ts'
import { OPEN_WALLETS } from './sandbox.ts'
import { endSignal, exitAtTheLatestIn } from './signals.ts'
import { startConfiguredWorker } from './worker.ts'

type Stops = (() => Promise<unknown>)[]

/** `goldpro up` */
export function upCommand(): Command {
  return new Command('up')
    .description('run everything on this machine until Ctrl-C: PostgreSQL, sandbox gateway, worker, plans')
    .addHelpText(
      'after',
      `
Data stay in ${LOCAL_FOLDER}/ and are there again at the next start. Other commands in this folder find it by themselves.
DATABASE_URL, REDIS_URL or GATEWAY_URL, where set, are used instead of what it would start.

Example:
  $ goldpro up`,
    )
    .action(runUp)
}

async function runUp(): Promise<void> {
  const settings = parseSettings(process.env)
  const ended = endSignal()
  const stops: Stops = []
  try {
    await requireQueue(settings)
    const databaseUrl = settings.databaseUrl ?? (await startKeptPostgres(stops))
    await orUnreachable('Postgres', 'DATABASE_URL', databaseUrl, () => migrateDatabase(databaseUrl))
    await migrateQueue(databaseUrl)
    const gatewayUrl = settings.gateway?.baseUrl ?? (await startOpenSandbox(stops))
    const gateway = gatewayAt(gatewayUrl)
    await requireGateway(gatewayUrl)
    const worker = startConfiguredWorker({ ...settings, databaseUrl, gateway }, createLog(settings.logLevel))
    stops.push(worker.stop)
    stops.push(startPlans(databaseUrl, settings).stop)
    await announceUp(LOCAL_FOLDER, { databaseUrl, redisUrl: settings.redisUrl, gatewayUrl, pid: process.pid })
    stops.push(async () => withdrawUp(LOCAL_FOLDER))
    console.log(whatToTry(gatewayUrl, settings))
    await ended
    console.error('stopping …')
    exitAtTheLatestIn(sendDeadlineMs(gateway.timeoutMs) + 10_000, 1)
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

function startPlans(databaseUrl: string, { redisUrl, logLevel }: Settings): Repeating {
  return startPlanScheduler({ databaseUrl, redisUrl, name: `up-${process.pid}`, log: createLog(logLevel) })
}

function gatewayAt(gatewayUrl: string) {
  const { gateway } = parseSettings({ ...process.env, GATEWAY_URL: gatewayUrl })
  if (gateway === null) throw new Error('the gateway has an address')
  return gateway
}

async function startKeptPostgres(stops: Stops): Promise<string> {
  console.error('starting PostgreSQL …')
  const postgres = await startLocalPostgres({
    dataDir: join(LOCAL_FOLDER, 'postgres'),
    keepData: true,
    log: (line) => console.error(line),
  })
  stops.push(postgres.stop)
  return postgres.databaseUrl
}

async function startOpenSandbox(stops: Stops): Promise<string> {
  const sandbox = await startSandbox({
    seed: Date.now() % 1_000_000,
    openWallets: OPEN_WALLETS,
    priceMoveEvery: 20,
  })
  stops.push(() => sandbox.stop())
  return sandbox.url
}

function whatToTry(gatewayUrl: string, settings: Settings): string {
  const isSandbox = settings.gateway === null
  const order =
    '{"kind":"buy","partner":"acme","reference":"A-1","phone_number":"081234500001","gold_weight":"0.5"}'
  return `
goldpro is up: gateway ${gatewayUrl}${isSandbox ? ' (sandbox)' : ''}, queue in ${settings.redisUrl === null ? 'Postgres' : 'Redis'}

Try, in another terminal in this folder:
  npx goldpro enqueue examples/orders.jsonl
  echo '${order}' | npx goldpro enqueue -
  npx goldpro orders list
  npx goldpro orders show acme/A-1${isSandbox ? `\n  curl ${gatewayUrl}/sandbox/statement` : ''}

Ctrl-C ends it.`
}
