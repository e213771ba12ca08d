import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import { list, nullable, statement } from '../postgres/statement.ts'
import { planRuns } from './schema.ts'
import { planSkips } from './skips-schema.ts'

/** A day on which a plan is not due, as a person decided. */
export interface PlanSkip {
  readonly planId: number
  readonly day: string
  readonly reason: string
  readonly skippedBy: string
  readonly skippedAt: Date
  readonly undoneBy: string | null
  readonly undoneAt: Date | null
  readonly undoneReason: string | null
}

const COLUMNS = {
  planId: planSkips.planId,
  day: planSkips.day,
  reason: planSkips.reason,
  skippedBy: planSkips.skippedBy,
  skippedAt: planSkips.skippedAt,
  undoneBy: planSkips.undoneBy,
  undoneAt: planSkips.undoneAt,
  undoneReason: planSkips.undoneReason,
} satisfies Record<keyof PlanSkip, unknown>

/** The skips of some plans that are not undone. */
export const listOpenSkips = statement(
  'list_open_plan_skips',
  { planIds: list(planSkips.planId) },
  (db, { planIds }) =>
    db
      .select(COLUMNS)
      .from(planSkips)
      .where(and(sql`${planSkips.planId} = any(${planIds})`, isNull(planSkips.undoneAt))),
)

/** All skips of a plan, also those that were undone, the newest first. */
export const listSkips = statement('list_plan_skips', { planId: planSkips.planId }, (db, { planId }) =>
  db.select(COLUMNS).from(planSkips).where(eq(planSkips.planId, planId)).orderBy(sql`${planSkips.id} desc`),
)

/** Skips a day of a plan; no row when it is skipped already. */
export const insertSkip = statement(
  'skip_plan_day',
  {
    planId: planSkips.planId,
    day: planSkips.day,
    reason: planSkips.reason,
    skippedBy: planSkips.skippedBy,
  },
  (db, skip) => db.insert(planSkips).values(skip).onConflictDoNothing().returning({ id: planSkips.id }),
)

/** Makes a skipped day due again; no row when it is not skipped. */
export const undoSkip = statement(
  'unskip_plan_day',
  {
    planId: planSkips.planId,
    day: planSkips.day,
    undoneBy: nullable(planSkips.undoneBy),
    undoneReason: nullable(planSkips.undoneReason),
  },
  (db, { planId, day, undoneBy, undoneReason }) =>
    db
      .update(planSkips)
      .set({ undoneBy, undoneReason, undoneAt: sql`clock_timestamp()` })
      .where(and(eq(planSkips.planId, planId), eq(planSkips.day, day), isNull(planSkips.undoneAt)))
      .returning({ id: planSkips.id }),
)

/**
 * Whether a run's day is skipped, for statements over runs. The plan is locked then: whoever skips a day, or makes it due again,
 * waits until its run is decided.
 */
export const isDaySkipped = sql<boolean>`exists (select 1 from ${planSkips}
  where ${planSkips.planId} = ${planRuns.planId} and ${planSkips.day} = ${planRuns.day} and ${planSkips.undoneAt} is null)`

/** The runs of a day of a plan's schedule, the earliest first. */
export const readRunsOfDay = statement(
  'read_plan_runs_of_day',
  { planId: planRuns.planId, day: planRuns.day },
  (db, { planId, day }) =>
    db
      .select({ dueAt: planRuns.dueAt, state: planRuns.state, reason: planRuns.reason })
      .from(planRuns)
      .where(and(eq(planRuns.planId, planId), eq(planRuns.day, day)))
      .orderBy(asc(planRuns.dueAt)),
)
