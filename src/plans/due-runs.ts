import { and, asc, eq, gte, inArray, isNotNull, isNull, lte, type SQL, sql } from 'drizzle-orm'
import { union } from 'drizzle-orm/pg-core'
import { batches } from '../batches/schema.ts'
import { orders } from '../orders/schema.ts'
import { type Queries, statement } from '../postgres/statement.ts'
import { ON_TIME_MS } from './decide.ts'
import { planRuns, plans } from './schema.ts'

/** The statements of a tick over all plans. SKIP LOCKED: another scheduler is working on what is left out. */

const FINISHED_AT_ONCE = 5_000

type Outcome = typeof orders | typeof batches

/** Finishes started runs whose order or batch has ended. */
const finishRuns = (
  name: string,
  outcome: Outcome,
  { isOutcome, isOver, reasonOf }: { isOutcome: SQL; isOver: SQL; reasonOf: (state: SQL) => SQL },
) =>
  statement(name, { actor: planRuns.actor }, (db, { actor }) => {
    const over = db.$with('over').as(
      db
        .select({
          planId: planRuns.planId,
          dueAt: planRuns.dueAt,
          outcome: sql<string>`${outcome.state}`.as('outcome'),
        })
        .from(planRuns)
        .innerJoin(outcome, isOutcome)
        .where(and(sql`${planRuns.state} = 'started'`, isOver))
        .orderBy(asc(planRuns.planId), asc(planRuns.dueAt))
        .limit(FINISHED_AT_ONCE)
        .for('update', { of: planRuns, skipLocked: true }),
    )
    return db
      .with(over)
      .update(planRuns)
      .set({ state: 'finished', actor, reason: reasonOf(sql`${over.outcome}`) })
      .from(over)
      .where(and(eq(planRuns.planId, over.planId), eq(planRuns.dueAt, over.dueAt)))
      .returning({ planId: planRuns.planId })
  })

export const finishOrderRuns = finishRuns('finish_plan_runs', orders, {
  isOutcome: eq(orders.id, planRuns.orderId),
  isOver: sql`${orders.state} in ('succeeded', 'rejected', 'expired', 'cancelled', 'in_doubt')`,
  reasonOf: (state) => sql`case ${state} when 'in_doubt' then 'order_in_doubt' else 'order_ended' end`,
})

export const finishBatchRuns = finishRuns('finish_plan_batch_runs', batches, {
  isOutcome: eq(batches.id, planRuns.batchId),
  isOver: sql`${batches.state} in ('finished', 'cancelled')`,
  reasonOf: (state) => sql`case ${state} when 'cancelled' then 'batch_cancelled' else 'batch_ended' end`,
})

export interface PlanToWorkOn {
  readonly id: number
  readonly owner: string | null
  readonly isOfBatch: boolean
}

/** Plans with due runs or without a due time left. Plans of an order come first: copying a batch takes seconds. */
export const findPlansToWorkOn = statement(
  'find_plans_to_work_on',
  { now: planRuns.dueAt },
  (db, { now }) => {
    const isOfBatch = sql<boolean>`${plans.batchId} is not null`
    const withDueRun = db
      .select({ id: planRuns.planId })
      .from(planRuns)
      .where(and(sql`${planRuns.state} = 'planned'`, lte(planRuns.dueAt, now)))
    const withoutDueTime = db
      .select({ id: plans.id })
      .from(plans)
      .where(sql`${plans.state} = 'active' and ${plans.nextDueAt} is null`)
    return db
      .select({ id: plans.id, owner: plans.owner, isOfBatch })
      .from(plans)
      .where(and(sql`${plans.state} = 'active'`, inArray(plans.id, union(withDueRun, withoutDueTime))))
      .orderBy(isOfBatch, asc(plans.id))
  },
)

// What is on time now must not be late when its turn comes.
const markOnTime = (db: Queries, isChosen: SQL | undefined, now: SQL) => {
  const onTime = db.$with('on_time').as(
    db
      .select({ planId: planRuns.planId, dueAt: planRuns.dueAt })
      .from(planRuns)
      .innerJoin(plans, eq(plans.id, planRuns.planId))
      .where(
        and(
          isChosen,
          sql`${plans.state} = 'active' and ${planRuns.state} = 'planned' and not ${planRuns.isWaiting}`,
          lte(planRuns.dueAt, now),
          gte(planRuns.dueAt, sql`${now} - ${ON_TIME_MS}::float8 * interval '1 millisecond'`),
        ),
      )
      .for('update', { of: planRuns, skipLocked: true }),
  )
  return db
    .with(onTime)
    .update(planRuns)
    .set({ isWaiting: true })
    .from(onTime)
    .where(and(eq(planRuns.planId, onTime.planId), eq(planRuns.dueAt, onTime.dueAt)))
}

/** Marks the runs of an owner's plans of orders that are on time as waiting. */
export const markRunsOfOwner = statement(
  'mark_runs_of_owner',
  { now: planRuns.dueAt, owner: plans.owner },
  (db, { now, owner }) => markOnTime(db, and(eq(plans.owner, owner), isNull(plans.batchId)), now),
)

/** Marks the runs of plans of batches that are on time as waiting. */
export const markRunsOfBatches = statement('mark_runs_of_batches', { now: planRuns.dueAt }, (db, { now }) =>
  markOnTime(db, isNotNull(plans.batchId), now),
)
