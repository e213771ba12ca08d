// What `npm test` tries a sample of, at length: seeded runs of workers that die, orders reconciled with the gateway's
// statement, orders against statements with known edits, and schedulers that are killed.
//   npm run proof:seeds
//   SEEDS=5000 PROPERTY_RUNS=2000 npm run proof:seeds
// What fails is printed with the command that repeats it.
import { startVitest } from 'vitest/node'

process.env.SEEDS ??= '200'
process.env.PROPERTY_RUNS ??= '400'
process.env.PROOF_SCALE ??= '3'
const files = [
  ...['test/seeded/seeds', 'test/reconciliation/seeds', 'test/reconciliation/perturbed'],
  ...['test/crash/killed-copies', 'test/crash/killed-scheduler'],
]
const vitest = await startVitest('test', files, { run: true, watch: false, testTimeout: 7_200_000 })
await vitest.close()
process.exit(vitest.state.getCountOfFailedTests() > 0 || vitest.state.getUnhandledErrors().length > 0 ? 1 : 0)
