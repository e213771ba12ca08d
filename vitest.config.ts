import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { TEST_LIMIT_MS } from './test/support/time.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/servers/global-setup.ts'],
    setupFiles: ['test/support/servers/after-each-file.ts'],
    // Each file would load everything anew, a minute in all. So whatever a test changes of its process it puts back.
    isolate: false,
    testTimeout: TEST_LIMIT_MS,
    hookTimeout: TEST_LIMIT_MS,
    // Many tests wait for servers and deadlines more than they compute.
    maxWorkers: availableParallelism() + 2,
  },
})
