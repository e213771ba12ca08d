import { defineConfig } from 'vitest/config'

/** Proofs that take minutes: `npm run proof:batch`, `npm run proof:statements`. */
export default defineConfig({
  test: {
    include: ['test/proof/**/*.proof.ts'],
    globalSetup: ['test/support/servers/global-setup.ts'],
    hookTimeout: 120_000,
    fileParallelism: false,
  },
})
