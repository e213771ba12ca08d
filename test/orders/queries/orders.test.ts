import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ANY_ORDER } from '../../../src/orders/filter-fields.ts'
import { ORDER_STATES } from '../../../src/orders/lifecycle.ts'
import { listOrders, type OrderFilter, sumOrders } from '../../../src/orders/queries/orders.ts'
import { anOrderIn, openStores } from '../../support/factories/stored-orders.ts'
import { createTestDatabase, type TestDatabase } from '../../support/servers/postgres.ts'

let test: TestDatabase
let stores: ReturnType<typeof openStores>
beforeAll(async () => {
  test = await createTestDatabase()
  stores = openStores(test.databaseUrl)
  for (const state of ORDER_STATES)
    for (const kind of ['buy', 'buyRupiah'] as const) await anOrderIn(stores, state, kind)
  await anOrderIn(stores, 'in_doubt')
})
afterAll(async () => {
  await stores?.database.close()
  await test?.drop()
})

const filter = (narrowed: Partial<OrderFilter> = {}): OrderFilter => ({
  ...{ ...ANY_ORDER, limit: 50, skip: 0 },
  ...narrowed,
})

describe('a list of orders', () => {
  it.each([
    // Asked for: 0.5 g, and 100,000 rupiah. The quote of each is 0.5 g for 441,000 rupiah.
    [
      'accepted',
      'asked',
      [
        ['0.5000', null],
        [null, '100000'],
      ],
      ['0.5000', '100000', 1],
    ],
    [
      'held',
      'asked',
      [
        ['0.5000', null],
        [null, '100000'],
      ],
      ['0.5000', '100000', 1],
    ],
    [
      'confirming',
      'quoted',
      [
        ['0.5000', '441000'],
        ['0.5000', '441000'],
      ],
      ['1.0000', '882000', 0],
    ],
    [
      'succeeded',
      'executed',
      [
        ['0.5000', '441000'],
        ['0.5000', '441000'],
      ],
      ['1.0000', '882000', 0],
    ],
    [
      'rejected',
      null,
      [
        [null, null],
        [null, null],
      ],
      ['0.0000', '0', 0],
    ],
    [
      'expired',
      null,
      [
        [null, null],
        [null, null],
      ],
      ['0.0000', '0', 0],
    ],
    [
      'cancelled',
      null,
      [
        [null, null],
        [null, null],
      ],
      ['0.0000', '0', 0],
    ],
  ] as const)(
    'that are %s has what is %s, and its sum',
    async (state, basis, terms, [grams, rupiah, withoutRupiah]) => {
      const listed = await listOrders(stores.database, filter({ state }))
      expect(new Set(listed.map((order) => order.basis))).toEqual(new Set([basis]))
      const byGrams = (a: readonly unknown[], b: readonly unknown[]) =>
        String(a[0]).localeCompare(String(b[0]))
      expect(listed.map((order) => [order.grams, order.rupiah]).sort(byGrams)).toEqual(
        [...terms].sort(byGrams),
      )
      expect(await sumOrders(stores.database, filter({ state }))).toEqual({
        count: 2,
        grams,
        rupiah,
        withoutRupiah,
      })
    },
  )

  it('in doubt has the quoted grams and rupiah, and a sum of all of them, whatever the page', async () => {
    const listed = await listOrders(stores.database, filter({ state: 'in_doubt', limit: 1, skip: 1 }))
    expect(listed).toMatchObject([{ basis: 'quoted', grams: '0.5000', rupiah: '441000', goldWeight: null }])
    expect(await sumOrders(stores.database, filter({ state: 'in_doubt', limit: 1 }))).toEqual({
      ...{ count: 3, grams: '1.5000', rupiah: '1323000', withoutRupiah: 0 },
    })
  })

  it('has every order once when it is read page by page', async () => {
    const ids: string[] = []
    for (let skip = 0; skip < 20; skip += 4)
      ids.push(
        ...(await listOrders(stores.database, filter({ limit: 4, skip }))).map(({ orderId }) => orderId),
      )
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toHaveLength((await sumOrders(stores.database, filter())).count)
  })
})
