import { z } from 'zod'
import { Problem } from '../http/problems.ts'
import { type AnyRoute, route } from '../http/route.ts'
import { spreadOf } from './draw-prices.ts'
import { type DayPrices, readNewestPair, readPricesBetween } from './queries.ts'

const DAY_MS = 86_400_000
const MAX_DAYS = 366
const DEFAULT_DAYS = 30

const day = z
  .string()
  .regex(/^20\d\d-\d\d-\d\d$/)
  .refine(isDay, 'must be a day that exists, such as 2026-02-25')

function isDay(text: string): boolean {
  const midnight = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text)
}

const rupiah = z.int().min(1)
const dayAnswer = z
  .strictObject({
    day: z.iso.date().describe('the day in Jakarta'),
    buy: rupiah.nullable().describe('what a customer pays per gram, rupiah'),
    sell: rupiah.nullable().describe('what a customer gets per gram, rupiah'),
    spread: z.int().nullable().describe('buy less sell'),
  })
  .meta({ id: 'DayPrices', description: 'The captured prices of a day' })

const FIRST = { day: '2026-02-08', buy: 880_000, sell: 851_000, spread: 29_000 }
const SECOND = { day: '2026-02-09', buy: 882_000, sell: 853_000, spread: 29_000 }

/** The gateway's chart as it was captured. */
export const PRICE_ROUTES: readonly AnyRoute[] = [
  route({
    name: 'listPrices',
    method: 'GET',
    path: '/v1/prices',
    summary: 'List the prices per gram that were captured, and the current spread',
    description: `Captured once a day. A captured price never changes. At most ${MAX_DAYS} days at once.`,
    scope: 'orders:read',
    query: z.strictObject({
      from: day.describe(`the first day; by default the range is ${DEFAULT_DAYS} days`).optional(),
      to: day.describe('the last day; by default today').optional(),
    }),
    answers: {
      200: {
        description: 'The days that have a price, the earliest first',
        schema: z
          .strictObject({
            prices: z.array(dayAnswer).describe('the earliest first'),
            current: dayAnswer
              .nullable()
              .describe('the newest day with both prices, whatever days were requested'),
          })
          .meta({ id: 'Prices', description: 'Captured prices' }),
        example: { prices: [FIRST, SECOND], current: SECOND },
      },
    },
    problems: [],
    async handle({ query }, { database, now }) {
      const { from, to } = daysOf(query, now())
      const prices = await readPricesBetween(database, from, to)
      const current = await readNewestPair(database)
      return {
        status: 200,
        body: { prices: prices.map(answerOf), current: current === null ? null : answerOf(current) },
      }
    },
  }),
]

function daysOf(
  query: { readonly from?: string | undefined; readonly to?: string | undefined },
  nowMs: number,
): { from: string; to: string } {
  // Jakarta's clocks have not changed since 1964.
  const to = query.to ?? dayText(nowMs + 7 * 3_600_000)
  const from = query.from ?? dayText(Date.parse(to) - (DEFAULT_DAYS - 1) * DAY_MS)
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1
  if (days >= 1 && days <= MAX_DAYS) return { from, to }
  const problem = `must be at most ${MAX_DAYS} days to \`to\`, and not after it`
  throw new Problem('invalid_request', { errors: [{ field: 'from', problem }] })
}

const dayText = (utcMs: number) => new Date(utcMs).toISOString().slice(0, 10)

// At most a trillion, which a number holds exactly.
const numberOf = (digits: string | null) => (digits === null ? null : Number(digits))

function answerOf({ day, buy, sell }: DayPrices) {
  const [high, low] = [buy, sell].map((digits) => (digits === null ? null : BigInt(digits)))
  const spread = spreadOf({ buy: high ?? null, sell: low ?? null })
  return {
    day,
    buy: numberOf(buy),
    sell: numberOf(sell),
    spread: spread === null ? null : Number(spread.rupiah),
  }
}
