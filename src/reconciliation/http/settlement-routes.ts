import { stringify } from 'csv-stringify/sync'
import { z } from 'zod'
import { periodOfDay, startOfDay } from '../../core/business-days.ts'
import { formatGrams, type GoldWeight } from '../../core/money.ts'
import { count, grams, rupiah, time } from '../../http/field-schemas.ts'
import { Problem } from '../../http/problems.ts'
import { type Answer, type AnyRoute, type Call, route } from '../../http/route.ts'
import { orderKind } from '../../orders/http/order-answer-schemas.ts'
import { readSettlement, type SettledOrder, whyUnsettled } from '../settlement.ts'

const settledOrder = z
  .strictObject({
    order_id: z.guid().describe('our id of the order'),
    reference: z.string().describe('your own id of the order'),
    kind: orderKind,
    session_id: z.string().nullable().describe("the gateway's id of the transaction; null for a sale"),
    response_id: z.string().nullable().describe("the gateway's id of its reply"),
    gold_weight: grams('the executed weight'),
    amount: rupiah('the executed amount, without the fee'),
    fee: rupiah("the gateway's fee"),
    confirmed_at: time('when its confirm was sent'),
  })
  .meta({ id: 'SettledOrder', description: 'An executed order of a day' })

const settlementAnswer = z
  .strictObject({
    date: z.iso.date().describe('the day in Jakarta'),
    orders: z.array(settledOrder).describe('your executed orders of the day, the first one first'),
    totals: z
      .strictObject({
        orders: count('how many'),
        gold_weight: grams('the sum of their weights'),
        amount: rupiah('the sum of their amounts'),
        fee: rupiah('the sum of their fees'),
      })
      .meta({ id: 'SettlementTotals', description: 'Sums of the day, whatever the kinds' }),
  })
  .meta({ id: 'Settlement', description: 'What was executed on a day. It never changes' })

const COLUMNS = [
  'order_id',
  'reference',
  'kind',
  'session_id',
  'response_id',
  'gold_weight',
  'amount',
  'fee',
  'confirmed_at',
] as const

const CSV = 'text/csv; charset=utf-8'

const ROW = {
  order_id: '019c4f2a-7b1e-7c3d-9a4b-5e6f70818293',
  reference: 'A-1',
  kind: 'buy' as const,
  session_id: '764FC70DD96B9E07713D95A9AD004702',
  response_id: '1082102090000011',
  gold_weight: '0.5000',
  amount: 441_000,
  fee: 5_000,
  confirmed_at: '2026-02-09T05:52:06.590Z',
}

export const SETTLEMENT_ROUTES: readonly AnyRoute[] = [
  route({
    name: 'readSettlement',
    method: 'GET',
    path: '/v1/settlements/{date}',
    summary: 'Read what was executed on a day, once the day is reconciled',
    description: `Complete or 404, with the reason in \`detail\`: the day has ended, nothing of it is in flight or in doubt, and it is reconciled
with the gateway's statements. An order belongs to the day on which its confirm was sent. As CSV with \`format=csv\` or \`Accept: text/csv\`.`,
    scope: 'orders:read',
    params: z.strictObject({
      date: z.iso
        .date()
        .refine((day) => startOfDay(day) !== null)
        .describe('a day in Jakarta'),
    }),
    query: z.strictObject({
      format: z.enum(['json', 'csv']).describe('by default what `Accept` asks for').optional(),
    }),
    answers: {
      200: {
        description: 'The executed orders of the day',
        schema: settlementAnswer,
        example: {
          date: '2026-02-09',
          orders: [ROW],
          totals: { orders: 1, gold_weight: '0.5000', amount: 441_000, fee: 5_000 },
        },
        texts: { 'text/csv': stringify([ROW], { columns: [...COLUMNS], header: true }) },
      },
    },
    problems: ['not_found'],
    handle: ({ params, query }, call) => settle(params.date, query.format, call),
  }),
]

async function settle(date: string, format: 'json' | 'csv' | undefined, call: Call): Promise<Answer> {
  const { partner } = call.caller
  const day = periodOfDay(date)
  const settled = await call.inSession(async (session) => {
    const reason = await whyUnsettled(session, partner, day)
    if (reason !== null) throw new Problem('not_found', { detail: reason })
    return await readSettlement(session, partner, day)
  })
  const rows = settled.map(rowOf)
  if (format === 'csv' || (format === undefined && wantsCsv(call.accept)))
    return { status: 200, contentType: CSV, body: csvOf(rows) }
  const sum = (of: (order: SettledOrder) => number) => settled.reduce((total, order) => total + of(order), 0)
  const totals = {
    orders: settled.length,
    gold_weight: formatGrams(sum(({ goldWeight }) => goldWeight) as GoldWeight),
    amount: sum(({ amount }) => amount),
    fee: sum(({ fee }) => fee),
  }
  return { status: 200, body: { date, orders: rows, totals } }
}

const rowOf = (order: SettledOrder) => ({
  order_id: order.orderId,
  reference: order.reference,
  kind: order.kind,
  session_id: order.sessionId,
  response_id: order.responseId,
  gold_weight: formatGrams(order.goldWeight),
  amount: order.amount,
  fee: order.fee,
  confirmed_at: order.confirmedAt.toISOString(),
})

/** A text that a spreadsheet would run as a formula gets a quote in front of it. */
function csvOf(rows: readonly object[]): string {
  return stringify([...rows], { columns: [...COLUMNS], header: true, escape_formulas: true })
}

/** Whether CSV is what the client would rather have. */
function wantsCsv(accept: string): boolean {
  const [first = ''] = accept.split(',')
  return /^\s*text\/csv\s*(;|$)/i.test(first)
}
