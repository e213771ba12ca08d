// A rolling deploy of this version over the release before it, under load:
//   npm run proof:rolling -- --from v1.0.0 --orders 500
// Exit code: 0 nothing was lost or done twice, 1 something was, 2 wrong usage, or no database of that release can be migrated.
import { parseArgs } from 'node:util'
import { createVitest } from 'vitest/node'
import { buildRelease, NoReleaseBefore, newestTag } from './release-before.mjs'

const BACKENDS = ['postgres', 'redis']
const LONGEST_MS = 3_600_000

const HELP = `Usage: npm run proof:rolling -- [options]

A partner places orders over HTTP while this version is rolled out over the release before it: migrate while the old
processes work, start new ones beside them, end the old ones by SIGTERM. Then every order is compared with the ledger of the
sandbox gateway: each executed at most once, none lost, none failed without the gateway's refusal, no doubt without a fault.

  --from REF       the release before: a tag or commit (the newest tag; without one HEAD). Where this version adds no
                   migration to it, the new release is a copy of this one with a migration that adds a column, a table
                   and an index
  --orders N       orders in all, of five phases (400)
  --backend NAME   where the queue is: postgres, redis or both (postgres)
  --seed N         faults and prices of the sandbox (1)
  --help           this text
`

const usage = (problem) => {
  process.stderr.write(`${problem}\n\n${HELP}`)
  process.exit(2)
}

function parse() {
  const text = { type: 'string' }
  try {
    return parseArgs({
      options: { from: text, orders: text, backend: text, seed: text, help: { type: 'boolean' } },
    }).values
  } catch (error) {
    return usage(error.message)
  }
}

const whole = (name, text) => {
  const number = Number(text)
  return Number.isInteger(number) && number > 0 ? number : usage(`--${name} is a whole number above 0`)
}

const values = parse()
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const { backend = 'postgres' } = values
if (backend !== 'both' && !BACKENDS.includes(backend)) usage(`--backend is ${BACKENDS.join(', ')} or both`)
const orders = whole('orders', values.orders ?? 400)
const seed = whole('seed', values.seed ?? 1)
const ref = values.from ?? newestTag() ?? 'HEAD'

function build() {
  try {
    return buildRelease(ref)
  } catch (error) {
    if (!(error instanceof NoReleaseBefore)) throw error
    process.stderr.write(`${error.message}\n`)
    return process.exit(2)
  }
}
const before = build()
const what =
  before.added === 0
    ? 'a copy of this version with one migration more'
    : `this version, with ${before.added} migrations more`
process.stderr.write(`from ${ref} to ${what}: ${orders} orders, seed ${seed}\n`)
process.env.ROLLING = JSON.stringify({
  ...{ oldMain: before.main, isSameSchema: before.added === 0, orders, seed },
  backends: backend === 'both' ? BACKENDS : [backend],
})
let isGreen = false
try {
  const vitest = await createVitest('test', {
    ...{ config: 'vitest.proof.config.ts', run: true, watch: false },
    ...{ testTimeout: LONGEST_MS, disableConsoleIntercept: true },
  })
  await vitest.start(['test/proof/rolling/rolling.proof'])
  const tests = vitest.state.getFiles().flatMap(({ tasks }) => tasks)
  const hasFailed =
    vitest.state.getCountOfFailedTests() > 0 ||
    vitest.state.getUnhandledErrors().length > 0 ||
    process.exitCode > 0
  isGreen = tests.length > 0 && !hasFailed
  await vitest.close()
} finally {
  before.end()
}
process.stderr.write(
  isGreen ? 'nothing was lost, and nothing was done twice\n' : 'the rolling deploy is not safe: see above\n',
)
process.exit(isGreen ? 0 : 1)
