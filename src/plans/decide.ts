import type { MissedPolicy, OverlapPolicy, SkipReason } from './lifecycle.ts'

/** A run that is found later than this after its due time was missed: schedulers look every few seconds. */
export const ON_TIME_MS = 60_000

export interface Policies {
  readonly missed: MissedPolicy
  readonly maxAgeMinutes: number
  readonly overlap: OverlapPolicy
}

/** A run that is planned. */
export interface PlannedRun {
  readonly dueAt: Date
  /** It was found waiting for the run before it. */
  readonly isWaiting: boolean
  /** It was started by hand: it is never missed, and no later run makes up for it. */
  readonly isAsked: boolean
  /** A person skipped its day. */
  readonly isSkipped: boolean
}

export interface Situation {
  readonly now: Date
  /** A run of the plan is started and not finished. */
  readonly isUnderWay: boolean
  /** The newest due time of the plan that is planned and not skipped by a person. */
  readonly newestDueAt: Date | null
}

export type Decision =
  | { readonly is: 'start' }
  | { readonly is: 'wait' }
  | { readonly is: 'skip'; readonly reason: SkipReason }

/**
 * Decides about the planned runs of a plan, the earliest first.
 * @returns one decision a run; runs that are not due are left out, being the last
 */
export function decideRuns(
  policies: Policies,
  runs: readonly PlannedRun[],
  { now, isUnderWay, newestDueAt }: Situation,
): Decision[] {
  let isBusy = isUnderWay
  const due = runs.filter(({ dueAt }) => dueAt <= now)
  return due.map((run) => {
    if (run.isSkipped) return { is: 'skip', reason: 'skipped_by_person' }
    const reason = lateReason(policies, run, now, newestDueAt)
    if (reason !== null) return { is: 'skip', reason }
    const decision = isBusy ? whenBusy(policies.overlap) : ({ is: 'start' } as const)
    if (decision.is === 'start') isBusy = true
    return decision
  })
}

/** Why a run is too late to start; null when it is not. */
function lateReason(
  { missed, maxAgeMinutes }: Policies,
  run: PlannedRun,
  now: Date,
  newestDueAt: Date | null,
): SkipReason | null {
  const ageMs = now.getTime() - run.dueAt.getTime()
  if (ageMs > maxAgeMinutes * 60_000) return 'too_old'
  if (ageMs <= ON_TIME_MS || run.isWaiting || run.isAsked) return null
  switch (missed) {
    case 'skip':
      return 'missed'
    case 'run_once':
      return newestDueAt !== null && run.dueAt < newestDueAt ? 'made_up_by_later' : null
    case 'run_all':
      return null
  }
}

function whenBusy(overlap: OverlapPolicy): Decision {
  switch (overlap) {
    case 'skip':
      return { is: 'skip', reason: 'overlap' }
    case 'wait':
      return { is: 'wait' }
    case 'allow':
      return { is: 'start' }
  }
}
