import type { BreachOf } from './decide.ts'

/** How a probe ended: what became of the confirm of the one order that was let through. */
export const PROBE_OUTCOMES = ['succeeded', 'slow', 'refused', 'in_doubt', 'no_confirm'] as const
export type ProbeOutcome = (typeof PROBE_OUTCOMES)[number]

/** So many successes one after the other open the switch. */
export const SUCCESSES_TO_OPEN = 2

/** A probe without a confirm for so long is given up, and another order is chosen. */
export const PROBE_PATIENCE_MS = 60_000

/** What is known about a closing of the breaker and its probe. Times are taken by the database's clock. */
export interface TripFacts {
  readonly breach: BreachOf
  /** Successes since the last pause. */
  readonly successes: number
  readonly isPaused: boolean
  /** Null: none is under way. */
  readonly probe: ProbeFacts | null
}

export interface ProbeFacts {
  readonly ageMs: number
  /** The state of its order. */
  readonly state: string
  /** Another switch holds its order, which was closed after it was chosen. */
  readonly isHeld: boolean
  /** The outcome of the order's newest attempt since it was chosen; null without one. */
  readonly outcome: string | null
  /** How long the reply took; null without one. */
  readonly replyMs: number | null
}

/** What to do next about a closing. */
export type NextStep =
  | { readonly is: 'wait' }
  | { readonly is: 'choose' }
  | { readonly is: 'end_probe'; readonly outcome: ProbeOutcome; readonly next: 'open' | 'go_on' | 'pause' }

const WAIT: NextStep = { is: 'wait' }

/** Decides the next step. One order at a time: none is chosen while another one's confirm is not known. */
export function nextStep(trip: TripFacts, slowMs: number): NextStep {
  if (trip.probe === null) return trip.isPaused ? WAIT : { is: 'choose' }
  const outcome = outcomeOf(trip.probe, slowMs)
  return outcome === null ? WAIT : { is: 'end_probe', outcome, next: afterwards(trip, outcome) }
}

function outcomeOf(
  { state, isHeld, outcome, ageMs, replyMs }: ProbeFacts,
  slowMs: number,
): ProbeOutcome | null {
  // While a confirm may be out, however long, nothing else is let through.
  if (outcome === 'intent' || state === 'confirming') return null
  if (outcome === 'in_doubt') return 'in_doubt'
  if (outcome === 'succeeded') return replyMs !== null && replyMs > slowMs ? 'slow' : 'succeeded'
  if (outcome === 'rejected') return 'refused'
  const hasEnded = state !== 'accepted'
  // Two closings whose probes the other one holds would wait for each other.
  return hasEnded || isHeld || ageMs > PROBE_PATIENCE_MS ? 'no_confirm' : null
}

function afterwards({ breach, successes }: TripFacts, outcome: ProbeOutcome): 'open' | 'go_on' | 'pause' {
  switch (outcome) {
    case 'succeeded':
      return successes + 1 >= SUCCESSES_TO_OPEN ? 'open' : 'go_on'
    case 'in_doubt':
      return 'pause'
    case 'slow':
      // A slow success proves that confirms are executed; it is no success where slowness was the breach.
      return breach === 'slow' ? 'pause' : successes + 1 >= SUCCESSES_TO_OPEN ? 'open' : 'go_on'
    case 'refused':
      // A refusal is a definite reply about its order alone, unless refusals were the breach.
      return breach === 'refusals' ? 'pause' : 'go_on'
    case 'no_confirm':
      return 'go_on'
  }
}

/** Whether a probe counts towards opening. */
export function isSuccess(breach: BreachOf, outcome: ProbeOutcome): boolean {
  return outcome === 'succeeded' || (outcome === 'slow' && breach !== 'slow')
}
