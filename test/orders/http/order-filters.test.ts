import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPhoneNumber } from '../../../src/core/phone-number.ts'
import { ANY_ORDER } from '../../../src/orders/filter-fields.ts'
import { searchOrders } from '../../../src/orders/queries/search-orders.ts'
import type { Database, Statement } from '../../../src/postgres/pool.ts'
import { aBuy, startTestWeb, type TestWeb } from '../../support/servers/web.ts'
import { unnamed } from '../../support/unnamed.ts'

let here: TestWeb
let shop: { key: string; name: string }
let other: { key: string; name: string }
beforeAll(async () => {
  here = await startTestWeb()
  shop = await here.partner()
  other = await here.partner()
  for (const [key, body] of [
    [shop.key, { reference: 'first', phone_number: '081234500011' }],
    [shop.key, { reference: 'second', phone_number: '081234500012' }],
    [shop.key, { reference: 'third', phone_number: '081234500011' }],
    [other.key, { reference: 'theirs', phone_number: '081234500011' }],
  ] as const)
    expect((await here.ask('POST', '/v1/orders', { key, body: aBuy(body) })).status).toBe(202)
  const sale = { kind: 'sell', reference: 'sale', phone_number: '081234500011', gold_weight: 1 }
  expect((await here.ask('POST', '/v1/orders', { key: shop.key, body: sale })).status).toBe(202)
})
afterAll(() => here?.stop())

const list = async (query: string, key = shop.key) => {
  const reply = await here.ask('GET', `/v1/orders?${query}`, { key })
  expect(reply.status).toBe(200)
  return (reply.json.orders as { reference: string; accepted_at: string }[]).map((order) => order.reference)
}

/** Gives an order an attempt with the gateway's ids. What guards an order's moves is not the subject here. */
async function executed(
  reference: string,
  session: string,
  response: string,
  rupiah: number,
  quote = `Q-${reference}`,
) {
  await here.database.transaction(async (runner) => {
    await runner.run(unnamed('SET LOCAL session_replication_role = replica'), [])
    await runner.run(
      unnamed(`INSERT INTO attempts (order_id, seq, intent_id, outcome, kind, phone_number, quote_id, quoted_gold_weight,
          quoted_amount, worker, ended_at, request_id, response_id, session_id)
        SELECT id, 1, gen_random_uuid(), 'not_sent', kind, phone_number, $5, 0.5, $4, 'w', now(), $5, $3, $2
        FROM orders WHERE reference = $1`),
      [reference, session, response, rupiah, quote],
    )
  })
}

describe('orders by wallet, kind and time', () => {
  it('are those of the wallet in any spelling, and never another partner’s', async () => {
    for (const wallet of ['081234500011', '%2B62 812-3450-0011'])
      expect(await list(`phone_number=${wallet}`)).toEqual(['sale', 'third', 'first'])
    expect(await list('phone_number=081234500011', other.key)).toEqual(['theirs'])
    expect(await list('phone_number=081234500012', other.key)).toEqual([])
  })

  it('can be narrowed by everything at once, page by page', async () => {
    expect(await list('kind=sell')).toEqual(['sale'])
    expect(await list('kind=buy&phone_number=081234500011&state=accepted')).toEqual(['third', 'first'])
    const query = 'kind=buy&phone_number=081234500011&limit=1'
    const { json } = await here.ask('GET', `/v1/orders?${query}`, { key: shop.key })
    expect(await list(`${query}&cursor=${json.next}`)).toEqual(['first'])
  })

  it('begin at since and end before until', async () => {
    const text = `SELECT accepted_at AS at FROM orders WHERE reference = 'second'`
    const [row] = await here.database.run<{ at: Date }>(unnamed(text), [])
    // A Date has milliseconds, so the order is at or after this time.
    const at = row?.at.toISOString()
    expect(await list(`until=${at}`)).toEqual(expect.arrayContaining(['first']))
    expect(await list(`until=${at}`)).not.toContain('second')
    expect(await list(`since=${at}`)).toEqual(expect.arrayContaining(['second', 'third']))
    expect(await list(`since=${at}&until=${at}`)).toEqual([])
    expect((await here.ask('GET', '/v1/orders?until=soon', { key: shop.key })).status).toBe(400)
  })

  it('are found by what the gateway answered and by rupiah, and never another partner’s', async () => {
    await executed('third', 'S-third', 'R-third', 441_000)
    for (const query of [
      'session_id=S-third',
      'response_id=R-third',
      'request_id=Q-third',
      'amount=441000',
    ]) {
      expect(await list(query)).toEqual(['third'])
      expect(await list(query, other.key)).toEqual([])
    }
    expect(await list('amount=100000&reference=first')).toEqual(['first'])
    expect(await list('amount=100001&reference=first')).toEqual([])
    for (const bad of ['amount=1.5', 'amount=-1', 'amount=9999999999999', 'session_id='])
      expect((await here.ask('GET', `/v1/orders?${bad}`, { key: shop.key })).status).toBe(400)
  })

  it('of one id are read page by page too', async () => {
    await executed('first', 'S-first', 'R-first', 441_000, 'Q-third')
    const { json } = await here.ask('GET', '/v1/orders?request_id=Q-third&limit=1', { key: shop.key })
    expect((json.orders as { reference: string }[]).map(({ reference }) => reference)).toEqual(['third'])
    expect(await list(`request_id=Q-third&limit=1&cursor=${json.next}`)).toEqual(['first'])
  })

  it('of a wallet are reached by index, before and after the tables are analysed', async () => {
    await here.database.run(
      unnamed(`INSERT INTO orders (id, partner, reference, kind, phone_number, content, content_hash, state, reason, actor, deadline_at, wake_at)
        SELECT gen_random_uuid(), $1, 'many-' || n, 'buy', '0812346' || lpad(n::text, 5, '0'), '{"amount": 100000}', 'h', 'accepted', 'submitted', 'p',
          now() + interval '1 hour', now() + interval '1 minute' FROM generate_series(1, 20000) n`),
      [shop.name],
    )
    const texts: string[] = []
    const spy = {
      run: async (statement: Statement) => {
        texts.push(statement.text)
        return []
      },
    } as unknown as Database
    const phoneNumber = readPhoneNumber('081234500011')
    await searchOrders(spy, { ...ANY_ORDER, partner: shop.name, phoneNumber }, null, 100)
    expect(texts).toHaveLength(2)
    for (const before of ['SELECT 1', 'ANALYZE orders']) {
      await here.database.run(unnamed(before), [])
      for (const text of texts) {
        const plan = JSON.stringify(
          await here.database.run(unnamed(`EXPLAIN (FORMAT JSON, GENERIC_PLAN) ${text}`), []),
        )
        expect(plan).toContain('orders_phone_number')
        expect(plan).not.toContain('Seq Scan')
      }
    }
  })
})
