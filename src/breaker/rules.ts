import type { GoldWeight, Rupiah } from '../core/money.ts'

/** When the breaker closes a switch, and how it finds out whether it may open it. A threshold of 0 is not watched. */
export interface BreakerRules {
  /** Confirms of so long count. */
  readonly windowSeconds: number
  /** Below so many confirms no share is looked at: of three confirms one doubt says nothing. */
  readonly minConfirms: number
  readonly unknownPercent: number
  /** What may be in doubt in the window, whatever the number of confirms. */
  readonly rupiahInDoubt: Rupiah
  readonly gramsInDoubt: GoldWeight
  readonly rupiahPercent: number
  readonly contradictionPercent: number
  /** Of refusals for one reason. */
  readonly refusalPercent: number
  /** A reply that takes longer is slow. */
  readonly slowMs: number
  readonly slowPercent: number
  /** The first pause before a probe. Each further one is twice as long. */
  readonly pauseSeconds: number
  readonly maxPauseSeconds: number
  /** The most that a probe may move. */
  readonly probeRupiah: Rupiah
  readonly probeGrams: GoldWeight
}

/** The pause before the next probe. @param pauses how many there were before */
export function pauseMs({ pauseSeconds, maxPauseSeconds }: BreakerRules, pauses: number): number {
  return Math.min(pauseSeconds * 2 ** Math.min(pauses, 30), maxPauseSeconds) * 1_000
}
