import { anyChangeKind } from '../../../src/approvals/change-kind.ts'
import { approveChange, declineChange, proposeChange } from '../../../src/approvals/commands.ts'
import { changePlanBy } from '../../../src/plans/change-plan.ts'
import type { PlanChange } from '../../../src/plans/change-terms.ts'
import { inSession } from '../servers/sessions.ts'

let count = 0

/** A change of a plan from a day on: every day at 10:00 unless told otherwise. */
export function changeOf(planId: number, fromDay: string, what: Partial<PlanChange> = {}): PlanChange {
  count += 1
  return {
    ...{ planId, fromDay, name: `changed-${count}`, maxCount: null, order: null, batch: null },
    schedule: { is: 'cron', pattern: '0 10 * * *' },
    ...what,
  }
}

/** Another order of a plan: a buy of 200,000 rupiah. */
export const OTHER_ORDER = {
  partner: 'acme',
  source: { is: 'order', kind: 'buy', phone_number: '081234500001', content: { amount: 200000 } },
  deadlineMinutes: 30,
} as const

export const ANI = { by: 'ani', note: 'salary comes later' }
const BUDI = { by: 'budi', note: 'asked the customer' }

/** Proposes a change as ani, and approves it as budi at a moment. @returns why it is refused, and then declined, or null */
export async function changePlan(
  databaseUrl: string,
  wanted: PlanChange,
  at: Date,
  approver = BUDI,
): Promise<string | null> {
  const kind = changePlanBy(async () => at)
  return await inSession(databaseUrl, async (session) => {
    const proposed = await proposeChange(session, ANI, kind, wanted)
    if (proposed.is === 'refused') return proposed.message
    const rules = { kinds: [anyChangeKind(kind)], onePersonTeam: false }
    const answer = await approveChange(session, approver, proposed.requestId, rules)
    if (answer.is === 'done') return null
    await declineChange(session, BUDI, proposed.requestId)
    return answer.message
  })
}
