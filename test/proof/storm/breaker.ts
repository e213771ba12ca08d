import type { BreakerRules } from '../../../src/breaker/rules.ts'
import type { GoldWeight, Rupiah } from '../../../src/core/money.ts'
import { sql } from '../../support/servers/sessions.ts'
import type { Problem } from './checks.ts'

/**
 * Thresholds that the gateway's bad weather breaks, and its ordinary one seldom; and pauses so short that it opens again
 * while the storm lasts. Every order may be a probe.
 */
export const STORM_BREAKER: BreakerRules = {
  ...{ windowSeconds: 30, minConfirms: 15, unknownPercent: 15, contradictionPercent: 10, refusalPercent: 90 },
  ...{ rupiahInDoubt: 0 as Rupiah, gramsInDoubt: 0 as GoldWeight, rupiahPercent: 0 },
  ...{ slowMs: 5_000, slowPercent: 50, pauseSeconds: 1, maxPauseSeconds: 4 },
  ...{ probeRupiah: 10_000_000 as Rupiah, probeGrams: 1_000_000 as GoldWeight },
}

export interface BreakerFacts {
  readonly closed: number
  /** Opened by probes that were executed. */
  readonly opened: number
  readonly probes: readonly { readonly outcome: string; readonly count: number }[]
}

const CLOSINGS = `SELECT count(*)::int AS closed, (count(*) FILTER (WHERE opened_by = 'breaker'))::int AS opened
  FROM switch_closings WHERE closed_by = 'breaker'`
const PROBES = `SELECT coalesce(outcome, 'under_way') AS outcome, count(*)::int AS count FROM breaker_probes
  GROUP BY 1 ORDER BY 2 DESC`

/** How often the breaker has closed and opened switches, and what its probes came to. */
export async function readBreakerFacts(databaseUrl: string): Promise<BreakerFacts> {
  const [row] = await sql<{ closed: number; opened: number }>(databaseUrl, CLOSINGS)
  return { closed: row?.closed ?? 0, opened: row?.opened ?? 0, probes: await sql(databaseUrl, PROBES) }
}

/** A storm of fewer orders may be over before so many of its confirms are in doubt at once. */
const ORDERS_THAT_TRIP = 5_000

/** The proof must have passed through the half-open breaker. */
export function checkHalfOpen(facts: BreakerFacts, orders: number): Problem[] {
  return orders < ORDERS_THAT_TRIP || (facts.closed > 0 && facts.opened > 0)
    ? []
    : [{ rule: 'breaker_half_open', what: JSON.stringify(facts) }]
}
