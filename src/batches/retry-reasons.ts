import { TRANSITIONS, type Transition } from '../orders/lifecycle.ts'

/** The final states of orders that executed nothing. */
const FAILED_STATES = ['rejected', 'expired', 'cancelled'] as const

/** What failed rows are chosen by: the states of their orders, and the reasons of these states. */
export const RETRY_REASONS: readonly [string, ...string[]] = [
  ...FAILED_STATES,
  ...new Set(
    Object.values<Transition>(TRANSITIONS)
      .filter(({ to }) => FAILED_STATES.some((state) => state === to))
      .flatMap(({ reasons }) => reasons),
  ),
]

export const isRetryReason = (name: string): boolean => RETRY_REASONS.includes(name)
