import { describe, expect, it } from 'vitest'
import { admitOrders, type Candidate } from '../../src/partners/admission.ts'

describe('judging orders one after the other', () => {
  const limits = {
    ...{ ordersPerMinute: 2, rupiahPerOrder: null, rupiahPerDay: 100n, walletsPerDay: 1, kinds: null },
  }
  const order = { isKnown: false, rupiah: 10n, wallet: '1', isDayWallet: false, byItself: null }
  const none = { orders: 0, rupiah: 0n, wallets: 0 }
  const judge = (orders: readonly (Omit<Candidate, 'reference'> & { reference?: string })[]) =>
    admitOrders(
      limits,
      none,
      orders.map((each, position) => ({ reference: String(position), ...each })),
    )
  it.each([
    ['counts those before', [order, order, order], ['admitted', 'admitted', 'deferred']],
    [
      'does not count what is refused',
      [{ ...order, rupiah: 101n }, order, order],
      ['rupiah_per_day', 'admitted', 'admitted'],
    ],
    [
      'knows a wallet again',
      [order, { ...order, wallet: '2' }, order],
      ['admitted', 'wallets_per_day', 'admitted'],
    ],
    [
      'knows a reference that it admitted again, whatever else it orders',
      [
        { ...order, reference: 'R' },
        { ...order, reference: 'R', rupiah: 1_000n, wallet: '2' },
        { ...order, reference: 'S', rupiah: 90n },
      ],
      ['admitted', 'admitted', 'admitted'],
    ],
    [
      'does not know a reference that it refused',
      [
        { ...order, reference: 'R', rupiah: 101n },
        { ...order, reference: 'R' },
        { ...order, reference: 'R', wallet: '2' },
      ],
      ['rupiah_per_day', 'admitted', 'admitted'],
    ],
    ['never refuses what is stored', [{ ...order, isKnown: true, rupiah: 1_000n }], ['admitted']],
    [
      'refuses what breaks a limit by itself',
      [{ ...order, byItself: 'kind_not_allowed' as const }],
      ['kind_not_allowed'],
    ],
  ])('%s', (_what, orders, expected) => {
    const told = judge(orders).map((each) => (each.is === 'refused' ? each.breach : each.is))
    expect(told).toEqual(expected)
  })

  it('tells what no waiting mends from what is used up', () => {
    const byItself = { ...order, byItself: 'rupiah_per_order' as const }
    const [forEver, , usedUp] = judge([byItself, order, { ...order, wallet: '2' }])
    expect(forEver).toEqual({ is: 'refused', breach: 'rupiah_per_order', isPermanent: true })
    expect(usedUp).toEqual({ is: 'refused', breach: 'wallets_per_day', isPermanent: false })
  })
})
