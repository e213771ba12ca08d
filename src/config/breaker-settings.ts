import type { Environment } from './table.ts'

/** The thresholds of the breaker, and its probes. A threshold of 0 is not watched. */
export interface BreakerSettings {
  readonly windowSeconds: number
  readonly minConfirms: number
  readonly unknownPercent: number
  readonly rupiahInDoubt: number
  readonly gramsInDoubt: number
  readonly rupiahPercent: number
  readonly contradictionPercent: number
  readonly refusalPercent: number
  readonly slowMs: number
  readonly slowPercent: number
  readonly pauseSeconds: number
  readonly maxPauseSeconds: number
  readonly probeRupiah: number
  readonly probeGrams: number
}

/** The breaker's part of the environment. */
export function breakerSettings(env: Environment): BreakerSettings {
  return Object.freeze({
    windowSeconds: env.BREAKER_WINDOW_SECONDS,
    minConfirms: env.BREAKER_MIN_CONFIRMS,
    unknownPercent: env.BREAKER_UNKNOWN_PERCENT,
    rupiahInDoubt: env.BREAKER_RUPIAH_IN_DOUBT,
    gramsInDoubt: env.BREAKER_GRAMS_IN_DOUBT,
    rupiahPercent: env.BREAKER_RUPIAH_PERCENT,
    contradictionPercent: env.BREAKER_CONTRADICTION_PERCENT,
    refusalPercent: env.BREAKER_REFUSAL_PERCENT,
    slowMs: env.BREAKER_SLOW_MS,
    slowPercent: env.BREAKER_SLOW_PERCENT,
    pauseSeconds: env.BREAKER_PAUSE_SECONDS,
    maxPauseSeconds: env.BREAKER_MAX_PAUSE_SECONDS,
    probeRupiah: env.BREAKER_PROBE_RUPIAH,
    probeGrams: env.BREAKER_PROBE_GRAMS,
  })
}
