// Orders in a storm of every fault that we know how to make, and the same with one safety taken out:
//   npm run proof:storm -- --orders 2000 --backend redis --seed 7
//   npm run proof:storm -- --mutants
// Exit code: 0 every assertion holds (with --mutants: each mutant fails one), 1 one does not, 2 wrong usage.
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createVitest } from 'vitest/node'

const BACKENDS = ['postgres', 'redis']
const MUTANTS = ['no_fence', 'retry_on_doubt', 'send_before_intent', 'swapped_verdicts']
const LONGEST_MS = 6 * 3_600_000

const HELP = `Usage: npm run proof:storm -- [options]

Orders of all kinds while workers are killed and frozen, Postgres and Redis are restarted and flushed, connections
are cut and the gateway misbehaves; then the gateway's statement, and a check of everything against its ledger.

  --orders N        orders on each backend (20000; with --mutants 200)
  --backend NAME    postgres, redis or both (both; with --mutants postgres)
  --seed N          what is done, to whom and when (drawn at random, and printed)
  --mutants [NAME]  workers with one safety taken out, each of which must fail: ${MUTANTS.join(', ')}
  --help            this text
`

const usage = (problem) => {
  process.stderr.write(`${problem}\n\n${HELP}`)
  process.exit(2)
}

function parse() {
  const options = {
    ...{ orders: { type: 'string' }, backend: { type: 'string' }, seed: { type: 'string' } },
    ...{ mutants: { type: 'boolean' }, help: { type: 'boolean' } },
  }
  try {
    return parseArgs({ options, allowPositionals: true })
  } catch (error) {
    return usage(error.message)
  }
}

const whole = (name, text) => {
  const number = Number(text)
  return Number.isInteger(number) && number > 0 ? number : usage(`--${name} is a whole number above 0`)
}

const { values, positionals } = parse()
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const { mutants: isMutants = false, backend = isMutants ? 'postgres' : 'both' } = values
if (backend !== 'both' && !BACKENDS.includes(backend)) usage(`--backend is ${BACKENDS.join(', ')} or both`)
const unknown = positionals.find((name) => !isMutants || !MUTANTS.includes(name))
if (unknown !== undefined) usage(`${unknown}: not known`)
const chosen = positionals.length > 0 ? positionals : MUTANTS
const storm = {
  orders: whole('orders', values.orders ?? (isMutants ? 200 : 20_000)),
  seed: whole('seed', values.seed ?? 1 + Math.floor(Math.random() * 1_000_000)),
  backends: backend === 'both' ? BACKENDS : [backend],
  mutants: isMutants ? chosen : [],
  // A cancelled run of the tests would not wait until the servers are stopped: this file asks the storm to stop them.
  stopFile: join(tmpdir(), `goldpro-storm-${process.pid}.stop`),
}
process.env.STORM = JSON.stringify(storm)
process.stderr.write(`seed ${storm.seed}, ${storm.orders} orders on ${storm.backends.join(' and ')}\n`)

const vitest = await createVitest('test', {
  ...{ config: 'vitest.proof.config.ts', run: true, watch: false },
  ...{ testTimeout: LONGEST_MS, disableConsoleIntercept: true },
})
let isStopped = false
for (const signal of ['SIGINT', 'SIGTERM']) {
  // The test runner's own would end this process at once, and leave the servers and the frozen workers.
  process.removeAllListeners(signal)
  process.on(signal, () => {
    isStopped = true
    process.stderr.write(`${signal}: stopping every server\n`)
    writeFileSync(storm.stopFile, '')
  })
}
await vitest.start([`test/proof/storm/${isMutants ? 'mutants' : 'storm'}.proof`])
const tests = vitest.state.getFiles().flatMap(({ tasks }) => tasks)
const hasFailed = vitest.state.getCountOfFailedTests() > 0 || vitest.state.getUnhandledErrors().length > 0
await vitest.close()
rmSync(storm.stopFile, { force: true })
process.exit(isStopped || hasFailed || tests.length === 0 ? 1 : 0)
