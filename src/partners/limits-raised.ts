import type { LimitChange, PartnerRow } from './store/partners.ts'

const LIMITS = {
  orders_per_minute: 'ordersPerMinute',
  rupiah_per_order: 'rupiahPerOrder',
  rupiah_per_day: 'rupiahPerDay',
  wallets_per_day: 'walletsPerDay',
} as const

/**
 * Whether a change lets a partner do more than before. Postgres decides the same (`are_limits_raised`): a raise takes two
 * people, one person lowers.
 */
export function areLimitsRaised(current: PartnerRow, change: LimitChange): boolean {
  const isRaised = Object.entries(LIMITS).some(([column, field]) => {
    const next = change[column as keyof typeof LIMITS]
    const now = current[field]
    return next !== undefined && now !== null && (next === null || BigInt(next) > BigInt(now))
  })
  return isRaised || isWidened(current.kinds, change.kinds) || isWidened(current.addresses, change.addresses)
}

const isWidened = (now: readonly string[] | null, next: readonly string[] | null | undefined) =>
  next !== undefined && now !== null && (next === null || next.some((each) => !now.includes(each)))
