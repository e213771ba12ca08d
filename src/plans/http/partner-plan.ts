import { Problem } from '../../http/problems.ts'
import type { Call } from '../../http/route.ts'
import { databaseClock } from '../../postgres/clock.ts'
import type { CommandContext } from '../commands.ts'
import { findPartnerPlan } from '../partner-plans.ts'
import type { Plan } from '../plan.ts'

/** The caller's plan of this name. @throws Problem when the caller has none, even if another partner has one */
export async function partnerPlan(name: string, { database, caller }: Call): Promise<Plan> {
  const plan = await findPartnerPlan(database, caller.partner, name)
  if (plan === null) throw new Problem('not_found')
  return plan
}

/** The context of the caller's commands. Its actor is the holder of the key, as for batches. */
export function commandContextOf({ caller: { partner, holder } }: Call): CommandContext {
  return { who: 'partner', by: `${partner}/${holder}`, note: null, clock: databaseClock }
}
