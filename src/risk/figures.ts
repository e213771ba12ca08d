import type { StatementRunner } from '../postgres/pool.ts'
import { readStatus } from './status.ts'

/** The status as figures for metrics. Sums beyond 2^53 lose digits there, which a graph does not show. */
export async function readRiskFigures(runner: StatementRunner) {
  const { at, risks, overdueStatements, pausedEndpoints, batches, processes } = await readStatus(runner)
  return {
    risks: risks.map(({ what, count, overdue, rupiah, grams, oldest }) => ({
      what,
      count,
      overdue,
      rupiah: Number(rupiah),
      grams: Number(grams),
      oldestSeconds: Math.max((at.getTime() - oldest.getTime()) / 1_000, 0),
    })),
    overdueStatements: overdueStatements.length,
    pausedEndpoints: pausedEndpoints.length,
    batches: batches.map(({ state }) => ({ state, count: 1 })),
    processes: processes.map(({ kind, silent }) => ({ kind, silent })),
  }
}
