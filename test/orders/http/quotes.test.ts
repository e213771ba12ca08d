import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { QUOTE_BODIES } from '../../../src/orders/http/order-examples.ts'
import { createQuoteGate } from '../../../src/partners/http/quote-gate.ts'
import { openTestClient } from '../../support/factories/gateway-settings.ts'
import { aBuy, freezeUsage, startTestWeb, type TestWeb } from '../../support/servers/web.ts'
import { unnamed } from '../../support/unnamed.ts'

let sandbox: Sandbox
let here: TestWeb
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 1, openWallets: { rupiah: 10_000_000, goldWeight: 100_000 as never } })
  here = await startTestWeb({ gateway: openTestClient(sandbox.url) })
})
afterAll(async () => {
  await here?.stop()
  await sandbox?.stop()
})

const BUY = { kind: 'buy', phone_number: '081234500001', gold_weight: '0.5' }
const quote = (key: string, body: object = BUY) => here.ask('POST', '/v1/quotes', { key, body })

/** Everything that an order leaves behind. */
async function stored(): Promise<object | undefined> {
  const tables = [
    'orders',
    'order_events',
    'attempts',
    'webhook_events',
    'webhook_deliveries',
    'partner_usage',
  ]
  const counts = tables.map((table) => `(SELECT coalesce(jsonb_agg(t), '[]') FROM ${table} t) AS ${table}`)
  const [row] = await here.database.run<object>(unnamed(`SELECT ${counts.join(', ')}`), [])
  return row
}

describe('a quote', () => {
  it.each(Object.entries(QUOTE_BODIES))('has a price of %s', async (_name, body) => {
    const { key } = await here.partner()
    const { status, json } = await quote(key, body)
    expect([status, json.kind]).toEqual([200, body.kind])
    const units = BigInt(String(json.gold_weight).replace('.', ''))
    expect(json.price_per_gram).toBe(Number((BigInt(Number(json.amount)) * 10_000n) / units))
  })

  it('stores nothing, uses no limit up and moves nothing', async () => {
    const limits = { orders_per_minute: 2, rupiah_per_day: '1000000', wallets_per_day: 1 }
    const { key, name } = await here.partner({ limits })
    await freezeUsage(here, name)
    expect((await here.ask('POST', '/v1/orders', { key, body: aBuy() })).status).toBe(202)
    const before = await stored()
    const body = { kind: 'buy', phone_number: '081234500001', amount: 100_000 }
    for (let n = 0; n < 5; n += 1) expect((await quote(key, body)).status).toBe(200)
    expect(await stored()).toEqual(before)
    expect((await here.ask('POST', '/v1/orders', { key, body: aBuy() })).status).toBe(202)
    // The limit that an order would now meet.
    const refused = await quote(key, body)
    expect([refused.status, refused.json.code]).toEqual([429, 'orders_per_minute'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('names the limit that it breaks', async () => {
    const { key } = await here.partner()
    expect((await quote(key, { ...BUY, limit: { max_price_per_gram: 1 } })).json.breaks).toBe('price_limit')
    expect((await quote(key, { ...BUY, limit: { max_fee: 0 } })).json.breaks).toBe('fee_limit')
    expect((await quote(key, { ...BUY, limit: { max_price_per_gram: 99_000_000 } })).json.breaks).toBeNull()
  })

  it('is not taken of a withdrawal, whose checkout stores an address, and has no reference or deadline', async () => {
    const { key } = await here.partner()
    for (const [field, body] of [
      ['kind', { ...BUY, kind: 'withdraw' }],
      ['reference', { ...BUY, reference: 'A-1' }],
      ['deadline', { ...BUY, deadline: '2027-01-01T00:00:00Z' }],
    ] as const) {
      const { status, json } = await quote(key, body)
      expect([status, json.errors]).toMatchObject([400, [{ field }]])
    }
  })

  it('needs the scope of orders', async () => {
    const { key } = await here.partner({ scopes: ['orders:read'] })
    expect((await quote(key)).json.code).toBe('scope_missing')
  })
})

describe('the rate of quotes', () => {
  it('bounds all partners together, and one to half of it, in any second', () => {
    let now = 0
    const gate = createQuoteGate(4, () => now)
    expect([gate.take('a'), gate.take('a'), gate.take('a')]).toEqual([true, true, false])
    expect([gate.take('b'), gate.take('b'), gate.take('c')]).toEqual([true, true, false])
    now = 1_001
    expect(gate.take('c')).toBe(true)
    expect(createQuoteGate(null, () => now).take('a')).toBe(true)
  })

  it('is answered as overload once it is used up', async () => {
    const full = await startTestWeb({ gateway: openTestClient(sandbox.url), quotesPerSecond: 0 })
    const { key } = await full.partner()
    const { status, json, headers } = await full.ask('POST', '/v1/quotes', { key, body: BUY })
    await full.stop()
    expect([status, json.code, headers.get('retry-after')]).toEqual([503, 'overloaded', '1'])
  })
})
