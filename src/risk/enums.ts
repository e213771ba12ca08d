/** The processes that beat while they run. */
export const PROCESS_KINDS = ['worker', 'scheduler', 'web'] as const
export type ProcessKind = (typeof PROCESS_KINDS)[number]

/** What may put money at risk, in the order in which people read it. `docs/controls.md` explains each. */
export const RISKS = {
  doubt: 'orders in doubt',
  break: 'open breaks',
  switch: 'closed switches',
  in_flight: 'confirms under way',
  held: 'held orders',
  waiting: 'waiting orders',
} as const
export type Risk = keyof typeof RISKS
export const RISK_NAMES = Object.keys(RISKS) as [Risk, ...Risk[]]
