import type { GoldWeight, Rupiah } from '../core/money.ts'

/** The assumed maximum difference between the gateway's clock and ours. */
export const CLOCK_SLACK_MS = 300_000

/** The settings of a run. */
export interface ReconSettings {
  /**
   * How long after an attempt ended the gateway may still execute it. Absence proves nothing until statements cover
   * that time too.
   */
  readonly lagMs: number
  /** `RECON_LAG_MINUTES`. A shorter lag counts for absence only once two people approved it. */
  readonly configuredLagMs: number
  /** Differences up to these do not count. */
  readonly tolerance: {
    readonly amount: Rupiah
    readonly fee: Rupiah
    readonly goldWeight: GoldWeight
  }
}

/** No tolerance, and a lag of an hour: a statement that ends at midnight settles the doubts of 23:00 and before. */
export const DEFAULT_RECON_SETTINGS: ReconSettings = {
  lagMs: 3_600_000,
  configuredLagMs: 3_600_000,
  tolerance: { amount: 0 as Rupiah, fee: 0 as Rupiah, goldWeight: 0 as GoldWeight },
}

/** The settings as they are stored with a run. */
export type RunSettings = ReconSettings & { readonly absenceLagMs: number }

/**
 * The lag that absence must be covered with: the run's, but no shorter than the lag that two people approved or, without
 * an approved one, than the configured and the default one. A trigger in Postgres checks the approved or default lag too.
 */
export function absenceLagMs(
  { lagMs, configuredLagMs }: Pick<ReconSettings, 'lagMs' | 'configuredLagMs'>,
  approvedMs: number | null,
): number {
  return Math.max(lagMs, approvedMs ?? Math.max(configuredLagMs, DEFAULT_RECON_SETTINGS.lagMs))
}
