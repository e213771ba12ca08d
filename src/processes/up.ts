import { join } from 'node:path'
import { Command } from 'commander'
import {
  LOCAL_FOLDER,
  orUnreachable,
  requireDatabaseUrl,
  requireGateway,
  requireQueue,
  requireServer,
} from '../cli/context.ts'
import { Failure } from '../cli/failure.ts'
import { endSignal, exitAtTheLatestIn } from '../cli/signals.ts'
import { parseSettings, type Settings } from '../config.ts'
import { type LocalPostgres, startLocalPostgres } from '../dev/embedded-postgres/postgres.ts'
import { announceUp, withdrawUp } from '../dev/running-up.ts'
import { startKeptSandbox } from '../dev/sandbox/cli/kept-sandbox.ts'
import { createLog } from '../observability/log.ts'
import { declareIdentity, readInstallation } from '../operators/identity.ts'
import { sendDeadlineMs } from '../orders/deps.ts'
import { migrateDatabase } from '../postgres/migrate.ts'
import { withSession } from '../postgres/session.ts'
import { migrateQueue } from '../queue/probe.ts'
import { startConfiguredMetrics } from './configured-metrics.ts'
import { startConfiguredTraces } from './configured-traces.ts'
import { provenDoor, startConsoleSomewhere } from './console-command.ts'
import { letConsoleIn, readKeptSecret } from './console-key.ts'
import { startConfiguredScheduler } from './scheduler-command.ts'
import { whatToTry } from './up-hints.ts'
import { findUpPeople, type UpPeople } from './up-people.ts'
import { placeSample } from './up-sample.ts'
import { requireWalletPolicy } from './wallet-policy.ts'
import { startWebSomewhere } from './web-command.ts'
import { startConfiguredWorker } from './worker-command.ts'

type Stops = (() => Promise<unknown>)[]

/** The sandbox answers charts for any wallet, so prices are captured from the first start on. */
const SANDBOX_WALLET = '081234500001'

/** `goldpro up` */
export function upCommand(): Command {
  return new Command('up')
    .description(
      'run everything on this machine until Ctrl-C: PostgreSQL, sandbox gateway, worker, scheduler, API, console',
    )
    .option(
      '--sample',
      'first place sample orders at the sandbox, two of which end in doubt, so that the console has something to look at',
    )
    .addHelpText(
      'after',
      `
The data, and the sandbox's ledger, stay in ${LOCAL_FOLDER}/ for the next start. Other commands in this folder find the running
\`up\` by themselves. Where DATABASE_URL, REDIS_URL or GATEWAY_URL is set, it is used instead of a server that \`up\` would start.
With DATABASE_URL the sandbox's ledger of that database is kept in ${LOCAL_FOLDER}/.

Examples:
  $ goldpro up
  $ goldpro up --sample`,
    )
    .action(runUp)
}

async function runUp({ sample: wantsSample = false }: { readonly sample?: boolean }): Promise<void> {
  const given = parseSettings(process.env)
  if (wantsSample && given.gateway !== null)
    throw new Failure(2, '--sample moves money at the sandbox only: unset GATEWAY_URL')
  const chartPhoneNumber = given.chartPhoneNumber ?? (given.gateway === null ? SANDBOX_WALLET : null)
  const settings = { ...given, chartPhoneNumber }
  const stops: Stops = []
  try {
    await requireQueue(settings)
    const local = settings.databaseUrl === null ? await startKeptPostgres(stops) : null
    const databaseUrl = local?.databaseUrl ?? requireDatabaseUrl(settings)
    await requireServer(databaseUrl)
    await orUnreachable('Postgres', 'DATABASE_URL', databaseUrl, () => migrateDatabase(databaseUrl))
    await migrateQueue(databaseUrl)
    if (local !== null) await withSession(databaseUrl, declareIdentity)
    const sandbox =
      settings.gateway === null
        ? await startKeptSandbox(local?.folder ?? LOCAL_FOLDER, databaseUrl, stops)
        : null
    const gatewayUrl = sandbox?.url ?? requireGatewayUrl(settings)
    const gateway = gatewayAt(gatewayUrl)
    await requireGateway(gatewayUrl)
    const log = createLog(settings.logLevel)
    await requireWalletPolicy(settings, databaseUrl, { assumed: 'first_use', log })
    const traces = await startConfiguredTraces(settings, 'up', log)
    stops.push(traces.stop)
    const metrics = await startConfiguredMetrics(settings, databaseUrl, { measuresRisks: true })
    stops.push(metrics.stop)
    stops.push(startConfiguredWorker({ ...settings, databaseUrl, gateway }, { traces, ...metrics }, log).stop)
    // Users of the sandbox receive webhooks on this machine.
    const webhookAllowLoopback = settings.webhookAllowLoopback || settings.gateway === null
    stops.push(
      startConfiguredScheduler({ ...settings, gateway, webhookAllowLoopback }, databaseUrl, log).stop,
    )
    const web = await startWebSomewhere(
      { ...settings, databaseUrl, gateway, webhookAllowLoopback },
      traces,
      log,
    )
    stops.push(web.stop)
    if (wantsSample && sandbox !== null && !(await placeSample(databaseUrl, settings.redisUrl, sandbox.url)))
      console.error('the database has orders already: no sample is placed')
    const people = await findUpPeople(databaseUrl)
    const door = await doorOf({ ...settings, databaseUrl }, people)
    const served = await startConsoleSomewhere({ ...settings, databaseUrl }, door, log)
    stops.push(served.stop)
    const { redisUrl } = settings
    announceUp(LOCAL_FOLDER, { databaseUrl, redisUrl, gatewayUrl, webhookAllowLoopback, pid: process.pid })
    stops.push(async () => withdrawUp(LOCAL_FOLDER))
    const statementFrom = sandbox?.statementFrom ?? null
    const { identity } = await withSession(databaseUrl, readInstallation)
    console.log(
      whatToTry({
        gatewayUrl,
        apiUrl: web.url,
        redisUrl,
        statementFrom,
        identity,
        console: { url: served.url, people },
      }),
    )
    await endSignal()
    console.error('stopping …')
    exitAtTheLatestIn(sendDeadlineMs(gateway.timeoutMs) + 10_000, 1)
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

/** The people of `up`; once there are operators, they. Whoever runs `up` owns the tables, and lets its console in. */
async function doorOf(settings: Settings & { readonly databaseUrl: string }, people: UpPeople | null) {
  if (people !== null) return { is: 'declared', people: people.people } as const
  const secret = settings.consoleSignIn.secret ?? (await readKeptSecret(LOCAL_FOLDER))
  const proven = { ...settings, consoleSignIn: { ...settings.consoleSignIn, secret } }
  await letConsoleIn(proven, settings.databaseUrl)
  return await provenDoor(proven)
}

function gatewayAt(gatewayUrl: string) {
  const { gateway } = parseSettings({ ...process.env, GATEWAY_URL: gatewayUrl })
  if (gateway === null) throw new Error('GATEWAY_URL has no gateway settings')
  return gateway
}

function requireGatewayUrl({ gateway }: Settings): string {
  if (gateway === null) throw new Error('GATEWAY_URL has no gateway settings')
  return gateway.baseUrl
}

async function startKeptPostgres(stops: Stops): Promise<LocalPostgres> {
  console.error('starting PostgreSQL …')
  const postgres = await startLocalPostgres({
    dataDir: join(LOCAL_FOLDER, 'postgres'),
    keepData: true,
    log: (line) => console.error(line),
  })
  stops.push(postgres.stop)
  return postgres
}
