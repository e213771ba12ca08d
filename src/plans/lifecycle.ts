/** The states of a plan. */
export const PLAN_STATES = ['active', 'paused', 'removed', 'ended'] as const
export type PlanState = (typeof PLAN_STATES)[number]

/** Final states of a plan. Its personal data are erased then. */
export const FINAL_PLAN_STATES = ['removed', 'ended'] as const satisfies readonly PlanState[]

/** Who gives a command: an operator, or over HTTP the plan's owner. Reason codes end with it. */
export type Initiator = 'person' | 'partner'

/** The states of a run: one due time of a plan. */
export const RUN_STATES = ['planned', 'started', 'finished', 'skipped'] as const
export type RunState = (typeof RUN_STATES)[number]

/** One legal move, and the reasons that may be given for it. `from: null` is the creation. */
export interface PlanTransition<State extends string> {
  readonly from: State | null
  readonly to: State
  readonly reasons: readonly string[]
}

/**
 * Every legal move of a plan. The table `plan_transitions` holds the same rows and a trigger refuses all others;
 * a test keeps the two equal.
 */
export const PLAN_TRANSITIONS = {
  add: { from: null, to: 'active', reasons: ['added', 'changed_by_people'] },
  pause: { from: 'active', to: 'paused', reasons: ['paused_by_person', 'paused_by_partner'] },
  resume: { from: 'paused', to: 'active', reasons: ['resumed_by_person', 'resumed_by_partner'] },
  remove: { from: 'active', to: 'removed', reasons: ['removed_by_person', 'removed_by_partner'] },
  removePaused: { from: 'paused', to: 'removed', reasons: ['removed_by_person', 'removed_by_partner'] },
  end: { from: 'active', to: 'ended', reasons: ['no_due_time_left'] },
} as const satisfies Record<string, PlanTransition<PlanState>>

/** Why a due time was skipped, and what that means. */
export const SKIP_REASONS = {
  missed: 'no scheduler ran when it was due, and the plan does not make up for that',
  made_up_by_later: 'no scheduler ran when it was due; a later one makes up for it',
  too_old: "it could not be started within the plan's maximum age",
  overlap: 'the run before it was still under way',
  reference_taken: 'another order has this reference',
  refused: 'the order is no longer a valid one',
  batch_changed: 'the rows of its batch are not those that were approved',
  rows_taken: 'another batch has its rows already',
  limit_reached: 'its order would have broken a limit of its owner: its breach says which',
  partner_suspended: 'its owner was suspended',
  wallet_refused: "its wallet is not its partner's",
  plan_removed: 'the plan was removed before it was started',
  skipped_by_person: 'a person skipped this date',
} as const
export type SkipReason = keyof typeof SKIP_REASONS

/** Every legal move of a run, held equal to `plan_transitions` too. */
export const RUN_TRANSITIONS = {
  plan: { from: null, to: 'planned', reasons: ['due', 'asked_by_person', 'asked_by_partner'] },
  start: { from: 'planned', to: 'started', reasons: ['order_submitted', 'batch_started'] },
  skip: { from: 'planned', to: 'skipped', reasons: Object.keys(SKIP_REASONS) },
  finish: {
    from: 'started',
    to: 'finished',
    reasons: ['order_ended', 'order_in_doubt', 'batch_ended', 'batch_cancelled'],
  },
} as const satisfies Record<string, PlanTransition<RunState>>

/** What happens to due times that no scheduler saw in time. */
export const MISSED_POLICIES = ['skip', 'run_once', 'run_all'] as const
export type MissedPolicy = (typeof MISSED_POLICIES)[number]

/** What happens to a due time while the run before it is under way. */
export const OVERLAP_POLICIES = ['skip', 'wait', 'allow'] as const
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number]
