import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'
import { LONG_TESTS } from './test/long.ts'
import { TEST_LIMIT_MS } from './test/support/time.ts'

const shared = {
  globalSetup: ['test/support/servers/global-setup.ts'],
  setupFiles: ['test/support/servers/after-each-file.ts'],
  // Each file would load everything anew, a minute in all. So whatever a test changes of its process it puts back.
  isolate: false,
  testTimeout: TEST_LIMIT_MS,
  hookTimeout: TEST_LIMIT_MS,
}

export default defineConfig({
  test: {
    // Many tests wait for servers and deadlines more than they compute.
    maxWorkers: availableParallelism() + 2,
    projects: [
      {
        test: {
          ...shared,
          name: 'short',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...LONG_TESTS],
        },
      },
      { test: { ...shared, name: 'long', include: LONG_TESTS.map(testsOf) } },
    ],
  },
})

function testsOf(pattern: string): string {
  return pattern.endsWith('/**') ? `${pattern}/*.test.ts` : pattern
}
