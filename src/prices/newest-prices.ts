import { parseRupiah, type Rupiah } from '../core/money.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import type { ChartAnswer, Side } from './capture.ts'

/** The newest price of a gram that is known, and from where. */
export type NewestPrice =
  | { readonly from: 'gateway'; readonly rupiah: Rupiah }
  | {
      readonly from: 'captured'
      readonly rupiah: Rupiah
      /** The day of the chart, and when it was asked. */
      readonly day: string
      readonly capturedAt: Date
    }

/** Null where neither the gateway nor an earlier capture says it. */
export type NewestPrices = Readonly<Record<Side, NewestPrice | null>>

/** Asks the gateway now; null when there is nobody to ask. */
export type AskChart = ((side: Side) => Promise<ChartAnswer>) | null

/** The prices of the gateway's chart, and those captured last of the sides that it does not tell now. */
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

const READ_CAPTURED = {
  name: 'read_newest_captured_prices',
  text: `
    SELECT DISTINCT ON (side) side, rupiah_per_gram::text AS rupiah, day::text AS day, captured_at AS "capturedAt"
    FROM prices ORDER BY side, day DESC`,
}

async function readCaptured(runner: StatementRunner): Promise<NewestPrices> {
  const rows = await runner.run<{ side: Side; rupiah: string; day: string; capturedAt: Date }>(
    READ_CAPTURED,
    [],
  )
  const newest = (side: Side): NewestPrice | null => {
    const row = rows.find((each) => each.side === side)
    const rupiah = parseRupiah(row?.rupiah ?? '')
    if (row === undefined || rupiah === null) return null
    return { from: 'captured', rupiah, day: row.day, capturedAt: row.capturedAt }
  }
  return { buy: newest('buy'), sell: newest('sell') }
}
