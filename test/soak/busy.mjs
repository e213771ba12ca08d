// Runs tests beside four busy loops for each core, as on a machine many times slower: none may fail for its slowness.
//   npm run test:busy
//   npm run test:busy -- test/crash test/batches/cli
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { startVitest } from 'vitest/node'

const LOOPS_PER_CORE = 4

process.env.TEST_TIME_FACTOR ??= '3'
const loops = Array.from(
  { length: availableParallelism() * LOOPS_PER_CORE },
  () => new Worker('for (;;);', { eval: true }),
)
console.log(`${loops.length} busy loops`)
const vitest = await startVitest('test', process.argv.slice(2), { run: true, watch: false })
await vitest.close()
await Promise.all(loops.map((loop) => loop.terminate()))
process.exit(vitest.state.getCountOfFailedTests() > 0 || vitest.state.getUnhandledErrors().length > 0 ? 1 : 0)
