// npm run bench -- [BENCHMARK…] [--json] [--help]
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeMachine } from './machine.mjs'
import { helpText, parseOptions, UsageError } from './options.mjs'
import { formatReport } from './print.mjs'
import { startGateway } from './servers/gateway.mjs'
import { startPostgres } from './servers/postgres.mjs'
import { NO_REDIS, startRedis } from './servers/redis.mjs'
import { SUB_BENCHMARKS } from './sub-benchmarks.mjs'

const startedAt = performance.now()

/** Progress goes to stderr, so that stdout has nothing but the report. */
const tellOf = (name) => (text) =>
  console.error(`${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(5)} s  ${name}: ${text}`)

/** One that fails does not take the figures of the others along. */
async function runOne(name, servers, given) {
  const { title, defaults, load } = SUB_BENCHMARKS[name]
  const tell = tellOf(name)
  try {
    const run = await load()
    return { name, title, ...(await run(servers, { ...defaults, ...given, tell })) }
  } catch (error) {
    tell(error.stack)
    return { name, title, failure: error.message }
  }
}

async function measure({ names, given }) {
  const folder = await mkdtemp(join(tmpdir(), 'goldpro-bench-'))
  // Also when it is interrupted: Redis ends then too, and PostgreSQL by its supervisor.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
  const postgres = await startPostgres(folder)
  const gateway = await startGateway()
  const redis = await startRedis(folder)
  if (redis === null) console.error(NO_REDIS)
  const servers = { postgres, redis, gatewayUrl: gateway.gatewayUrl, folder }
  try {
    const machine = describeMachine(postgres.version)
    const benchmarks = []
    for (const name of names) benchmarks.push(await runOne(name, servers, given))
    return { machine, benchmarks }
  } finally {
    gateway.stop()
    await redis?.stop()
    await postgres.stop()
  }
}

async function main(args) {
  const options = parseOptions(args, SUB_BENCHMARKS)
  if (options.help) {
    console.log(helpText(SUB_BENCHMARKS))
    return 0
  }
  const report = await measure(options)
  console.log(options.json ? JSON.stringify(report, null, 2) : formatReport(report))
  return report.benchmarks.some(({ failure }) => failure !== undefined) ? 1 : 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
