import { formatGrams, formatRupiah, type GoldWeight } from '../core/money.ts'
import type { Figures } from './figures.ts'
import type { BreakerRules } from './rules.ts'

/** What a breach can be of. */
export const BREACHES = [
  'rupiah_in_doubt',
  'grams_in_doubt',
  'contradictions',
  'unknown',
  'rupiah_share',
  'refusals',
  'slow',
] as const
export type BreachOf = (typeof BREACHES)[number]

export interface Breach {
  readonly of: BreachOf
  /** The figures as a sentence: the reason of the closing. */
  readonly reason: string
}

/** So few doubts or contradictions are no rate, however low the minimum of confirms is set. */
const FEWEST_DOUBTS = 3
const FEWEST_CONTRADICTIONS = 2

/** The first threshold that these figures break, the gravest first; null when they break none. */
export function breachOf(figures: Figures, rules: BreakerRules): Breach | null {
  for (const of of BREACHES) {
    const text = CHECKS[of](figures, rules)
    if (text !== null) return { of, reason: `${text} within ${rules.windowSeconds} s` }
  }
  return null
}

type Check = (figures: Figures, rules: BreakerRules) => string | null

const CHECKS: Readonly<Record<BreachOf, Check>> = {
  rupiah_in_doubt: ({ rupiahInDoubt, unknown }, { rupiahInDoubt: limit }) =>
    limit > 0 && rupiahInDoubt >= BigInt(limit)
      ? `${formatRupiah(rupiahInDoubt)} in doubt of ${unknown} confirms (limit ${formatRupiah(limit)})`
      : null,
  grams_in_doubt: ({ gramsInDoubt, unknown }, { gramsInDoubt: limit }) =>
    limit > 0 && gramsInDoubt >= limit
      ? `${formatGrams(gramsInDoubt as GoldWeight)} g without a price in doubt of ${unknown} confirms (limit ${formatGrams(limit)} g)`
      : null,
  contradictions: (figures, rules) =>
    figures.contradictions < FEWEST_CONTRADICTIONS
      ? null
      : share('replies that contradict', figures.contradictions, figures, rules, rules.contradictionPercent),
  unknown: (figures, rules) =>
    figures.unknown < FEWEST_DOUBTS
      ? null
      : share('unknown outcomes', figures.unknown, figures, rules, rules.unknownPercent),
  rupiah_share({ confirms, unknown, rupiah, rupiahInDoubt }, { minConfirms, rupiahPercent }) {
    if (rupiahPercent === 0 || confirms < minConfirms || unknown < FEWEST_DOUBTS || rupiah === 0n) return null
    const percent = Number((rupiahInDoubt * 100n) / rupiah)
    return percent >= rupiahPercent
      ? `${formatRupiah(rupiahInDoubt)} of ${formatRupiah(rupiah)} in doubt (${percent} %, limit ${rupiahPercent} %)`
      : null
  },
  refusals: (figures, rules) =>
    figures.refusals === null
      ? null
      : share(
          `refusals as ${figures.refusals.reason}`,
          figures.refusals.count,
          figures,
          rules,
          rules.refusalPercent,
        ),
  slow: (figures, rules) =>
    share(`replies slower than ${rules.slowMs} ms`, figures.slow, figures, rules, rules.slowPercent),
}

/** The text of a share that reaches its limit, when there are enough confirms for it; else null. */
function share(
  what: string,
  count: number,
  { confirms }: Figures,
  { minConfirms }: BreakerRules,
  limit: number,
): string | null {
  if (limit === 0 || confirms < minConfirms || count * 100 < limit * confirms) return null
  const percent = Math.floor((count * 100) / confirms)
  return `${count} of ${confirms} confirms were ${what} (${percent} %, limit ${limit} %)`
}
