/** Bounds how often partners may ask the gateway for quotes, so that orders keep their share of its rate. */
export interface QuoteGate {
  /** Whether one more quote may be asked for now. */
  take(partner: string): boolean
}

const WINDOW_MS = 1_000

/** @param perSecond quotes per second of this process, of which one partner gets half; null: unlimited */
export function createQuoteGate(perSecond: number | null, monotonicMs: () => number): QuoteGate {
  let taken: { readonly at: number; readonly partner: string }[] = []
  return {
    take(partner) {
      if (perSecond === null) return true
      const since = monotonicMs() - WINDOW_MS
      taken = taken.filter(({ at }) => at > since)
      const own = taken.filter((each) => each.partner === partner).length
      if (taken.length >= perSecond || own >= Math.max(Math.floor(perSecond / 2), 1)) return false
      taken.push({ at: monotonicMs(), partner })
      return true
    },
  }
}
