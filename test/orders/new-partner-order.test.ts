import { expect, it } from 'vitest'
import { aBuy, startTestWeb } from '../support/servers/web.ts'

it('is answered as it is read afterwards, with every field, with and without a deadline', async () => {
  const here = await startTestWeb()
  const limits = { rupiah_per_day: '100000000' }
  const keys = [(await here.partner()).key, (await here.partner({ limits })).key]
  for (const key of keys)
    for (const terms of [
      {},
      { amount: undefined, gold_weight: 0.5, limit: { max_price_per_gram: 2_000_000, max_fee: 0 } },
      { deadline: '2999-01-01T00:00:00+07:00' },
    ]) {
      const placed = await here.ask('POST', '/v1/orders', { key, body: aBuy(terms) })
      const read = await here.ask('GET', `/v1/orders/${placed.json.id}`, { key })
      expect(placed.status).toBe(202)
      expect(read.text).toBe(placed.text)
    }
  await here.stop()
})
