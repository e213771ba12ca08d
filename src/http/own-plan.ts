import type { Lead } from '../plans/lead-plan.ts'
import { findOwnPlan } from '../plans/own-plans.ts'
import type { Plan } from '../plans/plan.ts'
import { databaseClock } from '../postgres/clock.ts'
import { Problem } from './problems.ts'
import type { Call } from './route.ts'

/** The caller's plan of this name. @throws Problem when it has none, whoever else may have */
export async function ownPlan(name: string, { database, caller }: Call): Promise<Plan> {
  const plan = await findOwnPlan(database, caller.partner, name)
  if (plan === null) throw new Problem('not_found')
  return plan
}

/** The caller as one who leads its plans: the holder of the key, as of its batches. */
export function leadOf({ caller: { partner, holder } }: Call): Lead {
  return { who: 'partner', by: `${partner}/${holder}`, note: null, clock: databaseClock }
}
