import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GoldWeight, Rupiah } from '../../src/core/money.ts'
import { brokenLimit } from '../../src/orders/limit.ts'
import {
  breachByItself,
  breachByUsage,
  countsUsage,
  mostRupiah,
  NO_LIMITS,
} from '../../src/partners/limits.ts'
import { COMMANDS, rupiah } from '../support/servers/commands.ts'

const limitedBuy = { ...COMMANDS.buyGrams, maxPricePerGram: rupiah(1_000_001) }

describe('the rupiah of an order', () => {
  it('are its amount, or the weight at the worst price it takes, rounded up', () => {
    expect(mostRupiah(COMMANDS.buyRupiah)).toBe(441_000n)
    expect(mostRupiah(limitedBuy)).toBe(500_001n)
  })

  it.each(['buyGrams', 'sell', 'transfer', 'withdraw'] as const)('of %s are not bounded', (name) => {
    expect(mostRupiah(COMMANDS[name])).toBeNull()
  })

  it('are never less than a quote that its own limit lets through', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000_000 }),
        fc.integer({ min: 1, max: 100_000_000 }),
        fc.integer({ min: 0, max: 1_000_000_000_000 }),
        (goldWeight, price, amount) => {
          const command = {
            ...COMMANDS.buyGrams,
            goldWeight: goldWeight as GoldWeight,
            maxPricePerGram: rupiah(price),
          }
          const quote = {
            quoteId: '1',
            goldWeight: goldWeight as GoldWeight,
            amount: amount as Rupiah,
            fee: null,
          }
          return brokenLimit(command, quote, null) !== null || BigInt(amount) <= (mostRupiah(command) ?? -1n)
        },
      ),
    )
  })
})

describe('what an order breaks by itself', () => {
  const limits = { ...NO_LIMITS, rupiahPerOrder: 441_000n }
  it.each([
    ['nothing without limits', NO_LIMITS, COMMANDS.withdraw, null],
    ['nothing at the limit', limits, COMMANDS.buyRupiah, null],
    ["nothing at the day's limit", { ...NO_LIMITS, rupiahPerDay: 441_000n }, COMMANDS.buyRupiah, null],
    [
      'more than a whole day has, which waiting does not mend',
      { ...limits, rupiahPerDay: 440_999n },
      COMMANDS.buyRupiah,
      'rupiah_per_order',
    ],
    [
      'the rupiah of an order',
      { ...limits, rupiahPerOrder: 440_999n },
      COMMANDS.buyRupiah,
      'rupiah_per_order',
    ],
    ['a weight at a worst price', limits, limitedBuy, 'rupiah_per_order'],
    ['a weight without a price', limits, COMMANDS.buyGrams, 'rupiah_unbounded'],
    ['a sell under a limit of a day', { ...NO_LIMITS, rupiahPerDay: 1n }, COMMANDS.sell, 'rupiah_unbounded'],
    ['a kind', { ...NO_LIMITS, kinds: ['sell' as const] }, COMMANDS.buyGrams, 'kind_not_allowed'],
  ])('%s', (_what, given, command, expected) => {
    expect(breachByItself(given, command)).toBe(expected)
  })
})

describe('what an order breaks after others', () => {
  const usage = { orders: 4, rupiah: 90n, wallets: 2, minuteEndsInS: 30, dayEndsInS: 3_000 }
  const order = { rupiah: 10n, isNewWallet: true }
  it.each([
    ['nothing without limits', {}, null],
    ['nothing at the last order of a minute', { ordersPerMinute: 5 }, null],
    ['the orders of a minute', { ordersPerMinute: 4 }, 'orders_per_minute'],
    ['nothing at the last rupiah of a day', { rupiahPerDay: 100n }, null],
    ['the rupiah of a day', { rupiahPerDay: 99n }, 'rupiah_per_day'],
    ['nothing at the last wallet of a day', { walletsPerDay: 3 }, null],
    ['the wallets of a day', { walletsPerDay: 2 }, 'wallets_per_day'],
  ])('%s', (_what, limits, expected) => {
    expect(breachByUsage({ ...NO_LIMITS, ...limits }, usage, order)).toBe(expected)
  })

  it('is not the wallets of the day when the wallet is one of them', () => {
    const limits = { ...NO_LIMITS, walletsPerDay: 2 }
    expect(breachByUsage(limits, usage, { ...order, isNewWallet: false })).toBeNull()
  })

  it('is looked at only where something is counted', () => {
    expect(countsUsage(NO_LIMITS)).toBe(false)
    expect(countsUsage({ ...NO_LIMITS, rupiahPerOrder: 1n, kinds: ['buy'] })).toBe(false)
    expect(countsUsage({ ...NO_LIMITS, walletsPerDay: 1 })).toBe(true)
  })
})
