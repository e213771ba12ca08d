// More seeds than `npm test` runs, and again until told otherwise:
//   npm run soak -- --seeds 5000 --from 1
// A failing seed is printed with the command that repeats it.
import { parseArgs } from 'node:util'
import { startVitest } from 'vitest/node'

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '2000' }, from: { type: 'string', default: '1000' } },
})
process.env.SEEDS = values.seeds
process.env.FIRST_SEED = values.from
console.log(`seeds ${values.from} to ${Number(values.from) + Number(values.seeds) - 1}`)
const vitest = await startVitest('test', ['test/seeded/seeds'], { run: true, watch: false })
await vitest.close()
process.exit(vitest.state.getCountOfFailedTests() > 0 || vitest.state.getUnhandledErrors().length > 0 ? 1 : 0)
