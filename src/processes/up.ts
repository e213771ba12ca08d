import { Command } from 'commander'
import { LOCAL_FOLDER, requireQueue } from '../cli/context.ts'
import { Failure } from '../cli/failure.ts'
import { endSignal, exitAtTheLatestIn } from '../cli/signals.ts'
import { parseSettings, type Settings } from '../config.ts'
import { announceUp, withdrawUp } from '../dev/running-up.ts'
import { createLog } from '../observability/log.ts'
import { readInstallation } from '../operators/identity.ts'
import { sendDeadlineMs } from '../orders/deps.ts'
import { withSession } from '../postgres/session.ts'
import { whatToTry } from './up-hints.ts'
import { findUpPeople } from './up-people.ts'
import { startUpConsole, startUpProcesses } from './up-processes.ts'
import { placeSample } from './up-sample.ts'
import { openUpServers, type Stops } from './up-servers.ts'
import { requireWalletPolicy } from './wallet-policy.ts'

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
  const given = readUpSettings(wantsSample)
  const stops: Stops = []
  try {
    await requireQueue(given)
    const servers = await openUpServers(given, stops)
    const { databaseUrl, gateway, sandbox } = servers
    const log = createLog(given.logLevel)
    await requireWalletPolicy(given, databaseUrl, { assumed: 'first_use', log })
    // Users of the sandbox receive webhooks on this machine.
    const webhookAllowLoopback = given.webhookAllowLoopback || sandbox !== null
    const settings = { ...given, databaseUrl, gateway, webhookAllowLoopback }
    const apiUrl = await startUpProcesses(settings, stops, log)
    const { redisUrl } = settings
    if (wantsSample && sandbox !== null && !(await placeSample(databaseUrl, redisUrl, sandbox.url)))
      console.error('the database has orders already: no sample is placed')
    const people = await findUpPeople(databaseUrl)
    const consoleUrl = await startUpConsole(settings, people, stops, log)
    const gatewayUrl = gateway.baseUrl
    announceUp(LOCAL_FOLDER, { databaseUrl, redisUrl, gatewayUrl, webhookAllowLoopback, pid: process.pid })
    stops.push(async () => withdrawUp(LOCAL_FOLDER))
    const statementFrom = sandbox?.statementFrom ?? null
    const { identity } = await withSession(databaseUrl, readInstallation)
    const served = { url: consoleUrl, people }
    console.log(whatToTry({ gatewayUrl, apiUrl, redisUrl, statementFrom, identity, console: served }))
    await endSignal()
    console.error('stopping …')
    exitAtTheLatestIn(sendDeadlineMs(gateway.timeoutMs) + 10_000, 1)
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

/** The settings, with the wallet whose charts are captured. @throws Failure when a sample would move real money */
function readUpSettings(wantsSample: boolean): Settings {
  const given = parseSettings(process.env)
  if (wantsSample && given.gateway !== null)
    throw new Failure(2, '--sample moves money at the sandbox only: unset GATEWAY_URL')
  const chartPhoneNumber = given.chartPhoneNumber ?? (given.gateway === null ? SANDBOX_WALLET : null)
  return { ...given, chartPhoneNumber }
}
