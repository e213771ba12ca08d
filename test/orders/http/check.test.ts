import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aBuy, freezeUsage, startTestWeb, type TestWeb } from '../../support/servers/web.ts'
import { unnamed } from '../../support/unnamed.ts'

let here: TestWeb
beforeAll(async () => {
  here = await startTestWeb()
})
afterAll(() => here?.stop())

const check = (key: string, body: object) => here.ask('POST', '/v1/orders/check', { key, body })
const place = (key: string, body: object) => here.ask('POST', '/v1/orders', { key, body })
const stored = async () => {
  const text = `SELECT (SELECT count(*)::int FROM orders) AS orders, (SELECT count(*)::int FROM order_events) AS events,
    (SELECT coalesce(sum(orders), 0)::int FROM partner_usage) AS used, (SELECT count(*)::int FROM partner_day_wallets) AS wallets`
  return (await here.database.run(unnamed(text), []))[0]
}

describe('POST /v1/orders/check', () => {
  it('stores nothing and counts nothing, however often it is asked', async () => {
    const { key, name } = await here.partner({
      limits: { orders_per_minute: 2, wallets_per_day: 1 } as never,
    })
    await freezeUsage(here, name)
    const before = await stored()
    for (let n = 0; n < 4; n += 1)
      expect(await check(key, aBuy())).toMatchObject({
        status: 200,
        json: { would_be: 'accepted', order: null },
      })
    expect(await stored()).toEqual(before)
    expect((await place(key, aBuy())).status).toBe(202)
  })

  it('knows a stored order again, and other content under its reference', async () => {
    const { key } = await here.partner()
    const body = aBuy()
    const { json } = await place(key, body)
    expect((await check(key, body)).json).toMatchObject({ would_be: 'repeated', order: { id: json.id } })
    expect(await check(key, { ...body, amount: 7 })).toMatchObject({
      status: 409,
      json: { differs: ['amount'] },
    })
    // Another partner's reference is its own.
    expect((await check((await here.partner()).key, body)).json).toMatchObject({ would_be: 'accepted' })
  })

  it('refuses with the problem of the order itself', async () => {
    const { key, name } = await here.partner({ limits: { rupiah_per_day: '150000' } as never })
    await freezeUsage(here, name)
    expect((await place(key, aBuy())).status).toBe(202)
    for (const body of [
      aBuy(),
      aBuy({ amount: 0 }),
      aBuy({ amount: undefined, gold_weight: 1 }),
      aBuy({ amount: 200_000 }),
      aBuy({ deadline: '2020-01-01T00:00:00Z' }),
      aBuy({ partner: 'other' }),
    ]) {
      const [checked, placed] = [await check(key, body), await place(key, body)]
      expect(placed.status).toBeGreaterThanOrEqual(400)
      expect([checked.status, checked.json]).toEqual([placed.status, placed.json])
    }
  })
})
