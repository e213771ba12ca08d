import { GOLD_UNITS_PER_GRAM } from '../core/money.ts'
import type { OrderCommand, OrderKind } from '../orders/command.ts'

/** What a partner may do at most; a field that is null limits nothing. */
export interface PartnerLimits {
  readonly ordersPerMinute: number | null
  readonly rupiahPerOrder: bigint | null
  readonly rupiahPerDay: bigint | null
  readonly walletsPerDay: number | null
  readonly kinds: readonly OrderKind[] | null
}

export const NO_LIMITS: PartnerLimits = {
  ordersPerMinute: null,
  rupiahPerOrder: null,
  rupiahPerDay: null,
  walletsPerDay: null,
  kinds: null,
}

/** The limits alone, of a row or another object that has them. */
export function limitsOf(limited: PartnerLimits): PartnerLimits {
  const { ordersPerMinute, rupiahPerOrder, rupiahPerDay, walletsPerDay, kinds } = limited
  return { ordersPerMinute, rupiahPerOrder, rupiahPerDay, walletsPerDay, kinds }
}

/** What a partner has used so far in this minute and on this day. */
export interface Usage {
  readonly orders: number
  readonly rupiah: bigint
  readonly wallets: number
  /** Seconds until the next minute and the next day begin. */
  readonly minuteEndsInS: number
  readonly dayEndsInS: number
}

/** Every limit that an order can break. */
export const BREACHES = [
  'kind_not_allowed',
  'rupiah_unbounded',
  'rupiah_per_order',
  'orders_per_minute',
  'rupiah_per_day',
  'wallets_per_day',
] as const
export type Breach = (typeof BREACHES)[number]

/** Whether the partner's usage must be counted, which makes its orders take turns. */
export function countsUsage(limits: PartnerLimits): boolean {
  return limits.ordersPerMinute !== null || limits.rupiahPerDay !== null || limits.walletsPerDay !== null
}

/**
 * The most rupiah an order can move, with the fee its limit allows; null when nothing in the order bounds it. A price is
 * known only from the quote, so only a limit on the price bounds the rupiah of a weight.
 */
export function mostRupiah(command: OrderCommand): bigint | null {
  switch (command.kind) {
    case 'buy': {
      const fee = BigInt(command.maxFee ?? 0)
      if (command.by === 'rupiah') return BigInt(command.amount) + fee
      if (command.maxPricePerGram === null) return null
      const units = BigInt(GOLD_UNITS_PER_GRAM)
      return (BigInt(command.goldWeight) * BigInt(command.maxPricePerGram) + units - 1n) / units + fee
    }
    case 'sell':
    case 'transfer':
    case 'withdraw':
      return null
  }
}

/** The limit that an order breaks by itself, whatever was placed before it. */
export function breachByItself(limits: PartnerLimits, command: OrderCommand): Breach | null {
  if (limits.kinds !== null && !limits.kinds.includes(command.kind)) return 'kind_not_allowed'
  if (limits.rupiahPerOrder === null && limits.rupiahPerDay === null) return null
  const rupiah = mostRupiah(command)
  if (rupiah === null) return 'rupiah_unbounded'
  // An order above the limit of a day fits on no other day either.
  const exceeds = (most: bigint | null) => most !== null && rupiah > most
  return exceeds(limits.rupiahPerOrder) || exceeds(limits.rupiahPerDay) ? 'rupiah_per_order' : null
}

/** The limit that one more order would break, given what was used. */
export function breachByUsage(
  limits: PartnerLimits,
  usage: Pick<Usage, 'orders' | 'rupiah' | 'wallets'>,
  order: { readonly rupiah: bigint; readonly isNewWallet: boolean },
): Breach | null {
  if (limits.ordersPerMinute !== null && usage.orders >= limits.ordersPerMinute) return 'orders_per_minute'
  if (limits.rupiahPerDay !== null && usage.rupiah + order.rupiah > limits.rupiahPerDay)
    return 'rupiah_per_day'
  if (limits.walletsPerDay !== null && order.isNewWallet && usage.wallets >= limits.walletsPerDay)
    return 'wallets_per_day'
  return null
}
