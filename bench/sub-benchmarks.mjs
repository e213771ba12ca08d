// The sub-benchmarks, with the sizes that let all of them end within minutes. Their code is loaded when they run.

export const SUB_BENCHMARKS = {
  engine: {
    title: 'orders through the worker, beside bare loops and other engines',
    defaults: { orders: 4_000, concurrency: 32, repeat: 3, only: null },
    load: async () => (await import('./engine/engine.mjs')).runEngine,
  },
  growth: {
    title: 'orders through the worker while others wait, and two workers beside one',
    defaults: {
      ...{ orders: 2_000, concurrency: 32, repeat: 2 },
      ...{ sizes: [1_000, 10_000, 100_000, 1_000_000], jobSizes: [1_000, 100_000] },
    },
    load: async () => (await import('./growth/growth.mjs')).runGrowth,
  },
  switch: {
    title: 'how soon the kill switch holds, with three workers under load',
    defaults: { orders: 2_000, concurrency: 16, repeat: 3, processCount: 3 },
    load: async () => (await import('./switch/switch.mjs')).runSwitch,
  },
  recon: {
    title: 'reconciliation, beside COPY and one hash join',
    defaults: { lines: [100_000, 1_000_000] },
    load: async () => (await import('./recon/recon.mjs')).runRecon,
  },
  intake: {
    title: 'orders accepted over HTTP, beside a bare Fastify route with one insert',
    defaults: { orders: 6_000, concurrency: 32, repeat: 3 },
    load: async () => (await import('./intake/intake.mjs')).runIntake,
  },
  batch: {
    title: 'files of many orders, beside COPY',
    defaults: { rows: 100_000, repeat: 2, drainSizes: [2_000, 20_000] },
    load: async () => (await import('./batch/batch.mjs')).runBatch,
  },
  console: {
    title: 'the queries of every page of the console beside many orders',
    defaults: { orders: 200_000 },
    load: async () => (await import('./console/console.mjs')).runConsole,
  },
}
