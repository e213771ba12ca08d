import { readProgress } from '../batches/queries.ts'
import { shownText } from '../cli/shown-text.ts'
import type { FoundOther } from '../orders/queries/find-anything.ts'
import { findPlan } from '../plans/queries.ts'
import type { StatementRunner } from '../postgres/pool.ts'

const MOST_BATCH = 2_147_483_647

/** What has this number or name besides orders: a batch, a plan. */
export async function findBatchOrPlan(runner: StatementRunner, given: string): Promise<FoundOther[]> {
  const number = Number(/^(?:batch\s*)?#?([1-9]\d{0,9})$/i.exec(given)?.[1] ?? 0)
  const batch = number === 0 || number > MOST_BATCH ? null : await readProgress(runner, number)
  // A plan may be named plan-1.
  const plan = (await findPlan(runner, given)) ?? (await findPlan(runner, given.replace(/^plan\s*#?/i, '')))
  return [
    ...(batch === null
      ? []
      : [{ is: 'batch', about: `batch ${number}, ${batch.state}`, show: `goldpro batch show ${number}` }]),
    ...(plan === null
      ? []
      : [
          {
            is: 'plan',
            about: `plan ${plan.planId} ${shownText(plan.name)}, ${plan.state}`,
            show: `goldpro plan show ${plan.planId}`,
          },
        ]),
  ]
}
