import { asc, desc } from 'drizzle-orm'
import { parseRupiah, type Rupiah } from '../core/money.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import type { ChartAnswer } from './capture.ts'
import { prices, type Side } from './schema.ts'

/** The newest known price of a gram, and its source. */
export type NewestPrice =
  | { readonly from: 'gateway'; readonly rupiah: Rupiah }
  | {
      readonly from: 'captured'
      readonly rupiah: Rupiah
      /** The day of the chart, and when it was captured. */
      readonly day: string
      readonly capturedAt: Date
    }

/** Null where neither the gateway nor an earlier capture has a price. */
export type NewestPrices = Readonly<Record<Side, NewestPrice | null>>

/** Requests the gateway's chart; null when no gateway is configured. */
export type AskChart = ((side: Side) => Promise<ChartAnswer>) | null

/** The gateway's prices, and the last captured ones of the sides for which it does not answer. */
export async function findNewestPrices(runner: StatementRunner, ask: AskChart): Promise<NewestPrices> {
  const [buy, sell] = await Promise.all([askNewest(ask, 'buy'), askNewest(ask, 'sell')])
  if (buy !== null && sell !== null) return { buy, sell }
  const captured = await readCaptured(runner)
  return { buy: buy ?? captured.buy, sell: sell ?? captured.sell }
}

async function askNewest(ask: AskChart, side: Side): Promise<NewestPrice | null> {
  const answer = await ask?.(side)
  if (answer?.is !== 'answered') return null
  // The chart ends with today.
  const rupiah = parseRupiah(answer.data.at(-1)?.value ?? 0)
  return rupiah === null || rupiah === 0 ? null : { from: 'gateway', rupiah }
}

const selectCaptured = statement('read_newest_captured_prices', {}, (db) =>
  db.selectDistinctOn([prices.side]).from(prices).orderBy(asc(prices.side), desc(prices.day)),
)

async function readCaptured(runner: StatementRunner): Promise<NewestPrices> {
  const rows = await selectCaptured(runner, {})
  const newest = (side: Side): NewestPrice | null => {
    const row = rows.find((each) => each.side === side)
    const rupiah = parseRupiah(String(row?.rupiahPerGram ?? ''))
    if (row === undefined || rupiah === null) return null
    return { from: 'captured', rupiah, day: row.day, capturedAt: row.capturedAt }
  }
  return { buy: newest('buy'), sell: newest('sell') }
}
