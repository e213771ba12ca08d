import type { BreakerRules } from '../breaker/rules.ts'
import type { Settings } from '../config.ts'
import { GOLD_UNITS_PER_GRAM, type GoldWeight, type Rupiah } from '../core/money.ts'

/** The breaker's rules as the settings have them; null: there is no breaker. The numbers were checked when they were read. */
export function breakerRulesOf({ breaker }: Pick<Settings, 'breaker'>): BreakerRules | null {
  if (breaker === null) return null
  const { rupiahInDoubt, gramsInDoubt, probeRupiah, probeGrams, ...rest } = breaker
  const weightOf = (grams: number) => (grams * GOLD_UNITS_PER_GRAM) as GoldWeight
  return {
    ...rest,
    rupiahInDoubt: rupiahInDoubt as Rupiah,
    gramsInDoubt: weightOf(gramsInDoubt),
    probeRupiah: probeRupiah as Rupiah,
    probeGrams: weightOf(probeGrams),
  }
}
