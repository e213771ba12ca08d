import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/after-each-file.ts'],
    // Each file would load everything anew, a minute in all. So whatever a test changes of its process it puts back.
    isolate: false,
    testTimeout: 180_000,
    hookTimeout: 300_000,
    // Many tests wait for servers and deadlines more than they compute.
    maxWorkers: availableParallelism() + 2,
  },
})
