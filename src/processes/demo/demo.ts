import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { SingleBar } from 'cli-progress'
import { Command, InvalidArgumentError } from 'commander'
import { Failure } from '../../cli/failure.ts'
import { parseSettings } from '../../config.ts'
import { formatDecimal } from '../../core/format.ts'
import { NO_TRACES } from '../../core/traces.ts'
import { startLocalPostgres } from '../../dev/embedded-postgres/postgres.ts'
import { checkSandbox } from '../../dev/sandbox/check-sandbox.ts'
import { seedOption } from '../../dev/sandbox/cli/sandbox-command.ts'
import { type Sandbox, startSandbox } from '../../dev/sandbox/sandbox.ts'
import { createLog } from '../../observability/log.ts'
import { declareIdentity } from '../../operators/identity.ts'
import { isFinal } from '../../orders/lifecycle.ts'
import { type OrderWithAttempts, readOrdersWithAttempts } from '../../orders/queries/checked-orders.ts'
import { countOrders } from '../../orders/queries/find-order.ts'
import { migrateDatabase } from '../../postgres/migrate.ts'
import { type Database, openDatabase } from '../../postgres/pool.ts'
import { withSession } from '../../postgres/session.ts'
import { migrateQueue } from '../../queue/probe.ts'
import { createProducer } from '../../queue/producer.ts'
import { startConfiguredWorker } from '../worker-command.ts'
import { demoOrders, demoWallets } from './demo-orders.ts'
import { reconcileDemo } from './demo-recon.ts'
import { printCheck, printCounts, printDoubts, printReasons, printResults } from './demo-report.ts'

/** How long an order of the demo may take. The demo ends once every order has ended. */
const DEADLINE_MS = 20_000
const GIVE_UP_MS = 50_000
const CALL_TIMEOUT_MS = 10_000

/** Faults of the demo's gateway: the rate of each among the confirms, or among all requests. */
const FAULTS = {
  price_change: { rate: 0.12 },
  reply_lost: { rate: 0.03 },
  request_dropped: { rate: 0.02 },
  bad_gateway_html: { rate: 0.02, on: 'both' },
  truncated_json: { rate: 0.01 },
  contradicting_reply: { rate: 0.01 },
  connection_closed_between_requests: { rate: 0.05, on: 'both' },
} as const

/** `goldpro demo` */
export function demoCommand(): Command {
  return new Command('demo')
    .description('run orders of every kind against a misbehaving sandbox, in a temporary installation')
    .option('--orders <count>', 'how many orders', orderCount, 300)
    .option('--seed <number>', "seed of the sandbox's prices and faults", seedOption, 1)
    .addHelpText(
      'after',
      `
Starts an embedded PostgreSQL and a sandbox gateway, and removes both at its end. It never uses the database, queue
or gateway of your settings. At its end the sandbox's statement is imported and settles the doubts. Ends with 0 only if
every order agrees with the sandbox's ledger and no break is left unexplained.

Example:
  $ goldpro demo --orders 300 --seed 7`,
    )
    .action(runDemo)
}

function orderCount(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 10_000) return value
  throw new InvalidArgumentError('must be a whole number from 1 to 10000')
}

async function runDemo({ orders: count, seed }: { orders: number; seed: number }): Promise<void> {
  const startedAt = performance.now()
  const toStop: (() => Promise<unknown>)[] = []
  try {
    console.error('starting PostgreSQL …')
    const databaseUrl = await startDatabase(toStop)
    const sandbox = await startDemoSandbox(seed)
    toStop.push(() => sandbox.stop())
    const database = openDatabase({ databaseUrl, maxConnections: 2, onError: () => {} })
    toStop.push(() => database.close())
    const since = new Date()
    await placeOrders(databaseUrl, count)
    toStop.push(startDemoWorker(databaseUrl, sandbox.url))
    await untilSettled(database, count)
    printOrders(await readOrdersWithAttempts(database), sandbox)
    console.log("\nreconciliation with the sandbox's statement:\n")
    const { counts } = await reconcileDemo(databaseUrl, sandbox, since)
    const settled = await readOrdersWithAttempts(database)
    requireAllSettled(counts.openBreaks, settled, sandbox)
    console.log(
      `\n${count} orders in ${formatDecimal(((performance.now() - startedAt) / 1_000).toFixed(1))} s, start of PostgreSQL included`,
    )
  } finally {
    for (const stop of toStop.reverse()) await stop()
  }
}

async function startDatabase(toStop: (() => Promise<unknown>)[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'goldpro-demo-'))
  toStop.push(() => rm(folder, { recursive: true, force: true }))
  const { databaseUrl, stop } = await startLocalPostgres({
    dataDir: join(folder, 'postgres'),
    keepData: false,
  })
  toStop.push(stop)
  await migrateDatabase(databaseUrl)
  await migrateQueue(databaseUrl)
  await withSession(databaseUrl, declareIdentity)
  return databaseUrl
}

async function startDemoSandbox(seed: number): Promise<Sandbox> {
  const sandbox = await startSandbox({ seed, faults: FAULTS, openWallets: null, priceMoveEvery: 25 })
  for (const { phoneNumber, ...wallet } of demoWallets()) sandbox.openWallet(phoneNumber, wallet)
  return sandbox
}

async function placeOrders(databaseUrl: string, count: number): Promise<void> {
  const producer = createProducer({ databaseUrl })
  await producer.enqueueMany(demoOrders(count, new Date(Date.now() + DEADLINE_MS)))
  await producer.close()
}

function startDemoWorker(databaseUrl: string, gatewayUrl: string): () => Promise<void> {
  const settings = parseSettings({
    DATABASE_URL: databaseUrl,
    GATEWAY_URL: gatewayUrl,
    GATEWAY_TIMEOUT_MS: String(CALL_TIMEOUT_MS),
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'error',
  })
  const { gateway, logLevel } = settings
  if (gateway === null) throw new Error('the sandbox has no gateway settings')
  return startConfiguredWorker(
    { ...settings, databaseUrl, gateway },
    { traces: NO_TRACES },
    createLog(logLevel),
  ).stop
}

/** Waits until no order is open, and shows the progress. */
async function untilSettled(database: Database, total: number): Promise<void> {
  const bar = new SingleBar({
    format: 'orders settled {bar} {value}/{total}',
    stream: process.stderr,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 2_000,
  })
  bar.start(total, 0)
  const giveUpAt = performance.now() + GIVE_UP_MS
  try {
    for (;;) {
      const counts = await countOrders(database)
      const settled = counts
        .filter(({ state }) => isFinal(state) || state === 'in_doubt')
        .reduce((sum, { count }) => sum + count, 0)
      bar.update(settled)
      if (settled >= total || performance.now() > giveUpAt) return
      await wait(100)
    }
  } finally {
    bar.stop()
  }
}

function printOrders(orders: readonly OrderWithAttempts[], sandbox: Sandbox): void {
  const violations = checkSandbox(orders, sandbox)
  const sections = [
    printCounts(orders),
    printReasons(orders),
    printDoubts(orders),
    printResults(orders, 5),
    printCheck(violations),
  ]
  console.log(`\n${sections.join('\n\n')}`)
  if (violations.length > 0) throw new Failure(1, "the orders do not agree with the sandbox's ledger")
}

/** Fails if a doubt, an unexplained break or a violation is left: the complete statement must settle all. */
function requireAllSettled(openBreaks: number, orders: readonly OrderWithAttempts[], sandbox: Sandbox): void {
  const doubts = orders.filter(({ state }) => state === 'in_doubt').length
  const violations = checkSandbox(orders, sandbox)
  console.log(
    `after reconciliation: ${doubts} orders in doubt, ${openBreaks} unexplained breaks, ${violations.length} orders settled against the ledger`,
  )
  if (doubts + openBreaks + violations.length > 0)
    throw new Failure(1, "reconciliation did not explain everything that the sandbox's ledger explains")
}
