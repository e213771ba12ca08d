import { Problem } from '../../http/problems.ts'
import type { Call } from '../../http/route.ts'
import { databaseClock } from '../../postgres/clock.ts'
import type { Lead } from '../commands.ts'
import { findOwnPlan } from '../partner-plans.ts'
import type { Plan } from '../plan.ts'

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
