import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reconcile } from '../../src/reconciliation/run.ts'
import { DEFAULT_RECON_SETTINGS } from '../../src/reconciliation/settings.ts'
import {
  aRecordedOrder,
  DAY,
  lineOf,
  type RecordedOrder,
  recordOrders,
  recordStatement,
} from '../support/factories/recorded-orders.ts'
import { inSession } from '../support/servers/sessions.ts'
import { startTestWeb, type TestWeb } from '../support/servers/web.ts'
import { unnamed } from '../support/unnamed.ts'

let here: TestWeb
let key: string
beforeAll(async () => {
  here = await startTestWeb()
  key = (await here.partner({ name: 'acme' })).key
})
afterAll(() => here?.stop())

/** Noon of a day of February 2026 in Jakarta. */
const noonOf = (day: number) => new Date(DAY.from.getTime() + (day - 9) * 86_400_000 + 12 * 3_600_000)
const periodOf = (day: number) => ({
  from: new Date(noonOf(day).getTime() - 12 * 3_600_000),
  to: new Date(noonOf(day).getTime() + 12 * 3_600_000),
})
const anOrder = (day: number, overrides: Partial<RecordedOrder> = {}) =>
  aRecordedOrder({ intentAt: noonOf(day), ...overrides })
const read = (day: number | string, query = '', headers: Record<string, string> = {}) =>
  here.ask(
    'GET',
    `/v1/settlements/${typeof day === 'string' ? day : `2026-02-${String(day).padStart(2, '0')}`}${query}`,
    { key, headers },
  )
const run = (day: number) =>
  inSession(here.databaseUrl, (session) =>
    reconcile(
      session,
      { period: periodOf(day), settings: DEFAULT_RECON_SETTINGS, actor: 'person:test', scheduledFor: null },
      { dryRun: false },
    ),
  )
const missing = (detail: RegExp) => ({
  status: 404,
  json: { code: 'not_found', detail: expect.stringMatching(detail) },
})

describe('GET /v1/settlements/{date}', () => {
  it('has the executed orders of a day once statements that two people declared complete have them', async () => {
    const orders = [
      anOrder(9),
      anOrder(9, { kind: 'sell', sessionId: null }),
      anOrder(9, { outcome: 'rejected' }),
    ]
    await recordOrders(here.databaseUrl, orders)
    expect(await read(9)).toMatchObject(missing(/not declared complete/))
    const lines = orders.filter(({ outcome }) => outcome === 'succeeded').map((order) => lineOf(order))
    await recordStatement(here.databaseUrl, lines, { period: periodOf(9), approved: false, source: 'a' })
    expect(await read(9)).toMatchObject(missing(/not declared complete/))
    await here.database.run(unnamed('UPDATE statements SET replaced_at = now(), replaced_by = id'), [])
    await recordStatement(here.databaseUrl, lines, { period: periodOf(9) })
    expect(await read(9)).toMatchObject(missing(/^2 of your executed orders are not reconciled/))
    await run(9)

    const { status, json } = await read(9)
    expect(status).toBe(200)
    expect(json).toMatchObject({
      date: '2026-02-09',
      orders: expect.arrayContaining([
        expect.objectContaining({
          order_id: orders[0]?.orderId,
          session_id: orders[0]?.sessionId,
          amount: 441_000,
          fee: 5_000,
        }),
        expect.objectContaining({ order_id: orders[1]?.orderId, session_id: null, gold_weight: '0.5000' }),
      ]),
      totals: { orders: 2, gold_weight: '1.0000', amount: 882_000, fee: 10_000 },
    })
    // Nothing of another partner's.
    const other = await here.partner()
    const theirs = await here.ask('GET', '/v1/settlements/2026-02-09', { key: other.key })
    expect(theirs.json).toMatchObject({ orders: [], totals: { orders: 0, amount: 0 } })
  })

  it('is CSV where the client asks for it, and no text of it is a formula', async () => {
    const [byQuery, byHeader] = [await read(9, '?format=csv'), await read(9, '', { accept: 'text/csv' })]
    expect(byQuery.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(byHeader.text).toBe(byQuery.text)
    expect(byQuery.text.split('\n')[0]).toBe(
      'order_id,reference,kind,session_id,response_id,gold_weight,amount,fee,confirmed_at',
    )
    expect(byQuery.text.trim().split('\n')).toHaveLength(3)
    expect((await read(9, '?format=json', { accept: 'text/csv' })).json.date).toBe('2026-02-09')

    const evil = anOrder(12, { sessionId: '=HYPERLINK("x")' })
    await recordOrders(here.databaseUrl, [evil])
    await recordStatement(here.databaseUrl, [lineOf(evil)], { period: periodOf(12) })
    await run(12)
    expect((await read(12, '?format=csv')).text).toContain(`"'=HYPERLINK(""x"")"`)
  })

  it('waits for a doubt of the day, and never puts it on another one', async () => {
    const [sure, doubt] = [
      anOrder(10),
      anOrder(10, { outcome: 'in_doubt', sessionId: null, responseId: null }),
    ]
    await recordOrders(here.databaseUrl, [sure, doubt])
    await recordStatement(here.databaseUrl, [lineOf(sure)], { period: periodOf(10) })
    await recordStatement(here.databaseUrl, [], { period: periodOf(11) })
    expect(await read(10)).toMatchObject(missing(/^of 1 of your orders it is not known yet/))
    // A day after it is complete whatever the doubt comes to.
    const next = await read(11)
    expect(next).toMatchObject({ status: 200, json: { orders: [] } })
    await here.database.run(
      unnamed(`WITH ended AS (
          UPDATE attempts SET outcome = 'succeeded', session_id = 'LATE', response_id = 'LATE', gold_weight = 0.5, amount = 441000,
            fee = 5000, ended_at = now() WHERE order_id = $1 RETURNING order_id)
        UPDATE orders SET state = 'succeeded', reason = 'late_reply', actor = 'worker:test' FROM ended WHERE id = order_id`),
      [doubt.orderId],
    )
    expect(await read(10)).toMatchObject(missing(/not reconciled/))
    expect((await read(11)).text).toBe(next.text)
  })

  it('is none of a day that has not ended, and none of what is no day', async () => {
    const today = new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 10)
    expect(await read(today)).toMatchObject(missing(/has not ended/))
    for (const day of ['2026-02-30', '9', '1926-02-09', 'today'])
      expect(await read(day)).toMatchObject({ status: 404, json: { code: 'not_found' } })
  })
})
