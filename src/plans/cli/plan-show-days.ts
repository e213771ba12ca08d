import { shownText } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { maskPhoneNumbersIn } from '../../core/masking.ts'
import type { Plan } from '../plan.ts'
import type { PlanSkip } from '../skips.ts'

/** A plan that another goes on from, or that goes on from another. */
interface LinkedPlan {
  readonly planId: number
  readonly name: string
  readonly replaces: number | null
}

/** From when on another plan goes on, and from when on this one does. */
export function printLinks(plan: Plan, linked: readonly LinkedPlan[]): string[] {
  return linked.map(({ planId, name, replaces }) =>
    replaces === plan.planId
      ? `  changed   from ${plan.untilDay} on it is plan ${planId} ${name}`
      : `  changed   from ${plan.fromDay} on, after plan ${planId} ${name}`,
  )
}

/** Skipped dates, and those that are due again, a line each. */
export function printSkips(skips: readonly PlanSkip[]): string[] {
  return skips.map(({ day, reason, skippedBy, skippedAt, undoneBy, undoneAt, undoneReason }) => {
    const skipped = `${shownTime(skippedAt)}  ${day} skipped by ${skippedBy}: ${shownText(reason)}`
    if (undoneAt === null) return skipped
    return `${skipped}; due again by ${undoneBy}, ${shownTime(undoneAt)}: ${shownText(undoneReason ?? '')}`
  })
}

/** A skip for `--json`, phone numbers masked. */
export const shownSkip = ({ planId: _, ...skip }: PlanSkip) => ({
  ...skip,
  reason: maskPhoneNumbersIn(skip.reason),
  undoneReason: skip.undoneReason === null ? null : maskPhoneNumbersIn(skip.undoneReason),
})
