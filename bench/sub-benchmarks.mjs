// The sub-benchmarks, with the sizes that let all of them end within minutes.
import { runBatch } from './batch/batch.mjs'
import { runEngine } from './engine/engine.mjs'
import { runGrowth } from './growth/growth.mjs'
import { runIntake } from './intake/intake.mjs'
import { runRecon } from './recon/recon.mjs'

export const SUB_BENCHMARKS = {
  engine: {
    title: 'orders through the worker, beside bare loops and other engines',
    defaults: { orders: 4_000, concurrency: 32, repeat: 3, only: null },
    run: runEngine,
  },
  growth: {
    title: 'orders through the worker while others wait, and two workers beside one',
    defaults: {
      ...{ orders: 2_000, concurrency: 32, repeat: 2 },
      ...{ sizes: [1_000, 10_000, 100_000, 1_000_000], jobSizes: [1_000, 100_000] },
    },
    run: runGrowth,
  },
  recon: {
    title: 'reconciliation, beside COPY and one hash join',
    defaults: { lines: [100_000, 1_000_000] },
    run: runRecon,
  },
  intake: {
    title: 'orders accepted over HTTP, beside a bare Fastify route with one insert',
    defaults: { orders: 6_000, concurrency: 32, repeat: 3 },
    run: runIntake,
  },
  batch: {
    title: 'files of many orders, beside COPY',
    defaults: { rows: 100_000, repeat: 2, drainSizes: [2_000, 20_000] },
    run: runBatch,
  },
}
