import { join } from 'node:path'
import { Command } from 'commander'
import { parseSettings, type Settings } from '../config.ts'
import { migrateDatabase } from '../db/migrate.ts'
import { countOrders } from '../db/order-reads.ts'
import { openDatabase } from '../db/pool.ts'
import { startLocalPostgres } from '../local/postgres.ts'
import { announceUp, withdrawUp } from '../local/running-up.ts'
import { createLog } from '../log.ts'
import { sendDeadlineMs } from '../orders/effects.ts'
import { migrateQueue } from '../queue/probe.ts'
import { dayOf, formatMinute } from '../reconciliation/days.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { LOCAL_FOLDER, orUnreachable, requireGateway, requireQueue } from './place.ts'
import { OPEN_WALLETS } from './sandbox.ts'
import { startConfiguredScheduler } from './scheduler.ts'
import { endSignal, exitAtTheLatestIn } from './signals.ts'
import { startWebSomewhere } from './web.ts'
import { startConfiguredWorker } from './worker.ts'

type Stops = (() => Promise<unknown>)[]

/** The sandbox tells its chart to any wallet: prices are captured from the first start on. */
const SANDBOX_WALLET = '081234500001'

/** `goldpro up` */
export function upCommand(): Command {
  return new Command('up')
    .description(
      'run everything on this machine until Ctrl-C: PostgreSQL, sandbox gateway, worker, scheduler, API',
    )
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
  const given = parseSettings(process.env)
  const chartPhoneNumber = given.chartPhoneNumber ?? (given.gateway === null ? SANDBOX_WALLET : null)
  const settings = { ...given, chartPhoneNumber }
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
    const log = createLog(settings.logLevel)
    stops.push(startConfiguredWorker({ ...settings, databaseUrl, gateway }, log).stop)
    stops.push(startConfiguredScheduler({ ...settings, gateway }, databaseUrl, log).stop)
    const web = await startWebSomewhere({ ...settings, databaseUrl, gateway }, log)
    stops.push(web.stop)
    await announceUp(LOCAL_FOLDER, { databaseUrl, redisUrl: settings.redisUrl, gatewayUrl, pid: process.pid })
    stops.push(async () => withdrawUp(LOCAL_FOLDER))
    const statementFrom = await sandboxKnowsFrom(databaseUrl)
    console.log(whatToTry(gatewayUrl, web.url, settings, statementFrom))
    await ended
    console.error('stopping …')
    exitAtTheLatestIn(sendDeadlineMs(gateway.timeoutMs) + 10_000, 1)
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
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

/** From when on the sandbox's statement has everything: it forgets at its end, Postgres does not. */
async function sandboxKnowsFrom(databaseUrl: string): Promise<string> {
  const database = openDatabase({ databaseUrl, maxConnections: 1, onError: () => {} })
  try {
    const now = new Date()
    return (await countOrders(database)).length === 0 ? dayOf(now) : formatMinute(now)
  } finally {
    await database.close()
  }
}

function whatToTry(gatewayUrl: string, apiUrl: string, settings: Settings, statementFrom: string): string {
  const isSandbox = settings.gateway === null
  const order =
    '{"kind":"buy","partner":"acme","reference":"A-1","phone_number":"081234500001","gold_weight":"0.5"}'
  return `
goldpro is up: gateway ${gatewayUrl}${isSandbox ? ' (sandbox)' : ''}, queue in ${settings.redisUrl === null ? 'Postgres' : 'Redis'}

Try, in another terminal in this folder:
  npx goldpro enqueue examples/orders.jsonl
  echo '${order}' | npx goldpro enqueue -
  npx goldpro orders list
  npx goldpro orders show acme/A-1

Or as a partner does, over HTTP (${apiUrl}/docs says what else):
  npx goldpro partner add shop
  KEY=…                                   # the key it printed
  curl -X POST '${apiUrl}/v1/orders?wait=10' -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
    -d '{"kind":"buy","reference":"S-1","phone_number":"081234500001","gold_weight":"0.5"}'
${isSandbox ? reconciliationToTry(gatewayUrl, statementFrom) : ''}
Ctrl-C ends it.`
}

function reconciliationToTry(gatewayUrl: string, statementFrom: string): string {
  return `
Then lose a reply, so that an order is in doubt, and settle it by the gateway's statement:
  curl -X PUT ${gatewayUrl}/sandbox/faults/reply_lost -d '{"next":1}'
  echo '{"kind":"buy","partner":"acme","reference":"A-2","phone_number":"081234500001","amount":50000}' | npx goldpro enqueue -
  npx goldpro orders list --state in_doubt
  curl -s ${gatewayUrl}/sandbox/statement | npx goldpro recon import - --period ${statementFrom}..now --complete
  npx goldpro recon run --lag-minutes 0
  npx goldpro recon report --format html --output report.html
`
}
