import type { GoldWeight, Rupiah } from '../core/money.ts'

/** How far the gateway's clock and ours may be apart. */
export const CLOCK_SLACK_MS = 300_000

/** What one run goes by. Stored with the run. */
export interface ReconSettings {
  /**
   * How long after an attempt ended the gateway may still execute it. Absence proves nothing before statements cover
   * that time too.
   */
  readonly lagMs: number
  /** `RECON_LAG_MINUTES`: with less than that, absence counts only once two people approved it. */
  readonly configuredLagMs: number
  /** Differences up to these are none. */
  readonly tolerance: {
    readonly amount: Rupiah
    readonly fee: Rupiah
    readonly goldWeight: GoldWeight
  }
}

/** Exact, and patient: a statement that ends at midnight settles the doubts of 23:00 and before. */
export const DEFAULT_RECON_SETTINGS: ReconSettings = {
  lagMs: 3_600_000,
  configuredLagMs: 3_600_000,
  tolerance: { amount: 0 as Rupiah, fee: 0 as Rupiah, goldWeight: 0 as GoldWeight },
}

/**
 * The lag with which absence counts: the run's, but nothing shorter than what two people approved, or else than what is
 * configured and usual. Postgres holds absence to the approved or usual one, too.
 */
export function absenceLagMs(
  { lagMs, configuredLagMs }: Pick<ReconSettings, 'lagMs' | 'configuredLagMs'>,
  approvedMs: number | null,
): number {
  return Math.max(lagMs, approvedMs ?? Math.max(configuredLagMs, DEFAULT_RECON_SETTINGS.lagMs))
}
