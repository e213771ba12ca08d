import { desc, sql } from 'drizzle-orm'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement, type } from '../postgres/statement.ts'
import type { RunCounts } from './run-counts.ts'
import { reconRuns } from './runs-schema.ts'

/** A run as a list shows it. */
export interface RunSummary {
  readonly runId: string
  readonly startedAt: Date
  /** Null: under way, or interrupted. */
  readonly finishedAt: Date | null
  readonly periodFrom: Date
  readonly periodTo: Date
  readonly actor: string
  readonly counts: RunCounts | null
}

const selectRuns = statement('list_recon_runs', { limit: type.integer }, (db) =>
  db
    .select({
      runId: sql<string>`${reconRuns.id}::text`,
      startedAt: reconRuns.startedAt,
      finishedAt: reconRuns.finishedAt,
      periodFrom: reconRuns.periodFrom,
      periodTo: reconRuns.periodTo,
      actor: reconRuns.actor,
      counts: reconRuns.counts,
    })
    .from(reconRuns)
    .orderBy(desc(reconRuns.id))
    .limit(sql.placeholder('limit')),
)

/** Runs, the newest first. */
export async function listRuns(runner: StatementRunner, limit: number): Promise<RunSummary[]> {
  return await selectRuns(runner, { limit })
}
