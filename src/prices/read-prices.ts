import type { StatementRunner } from '../db/pool.ts'

/** One day's prices per gram, in whole rupiah as Postgres prints them; null where the gateway did not say. */
export interface DayPrices {
  readonly day: string
  readonly buy: string | null
  readonly sell: string | null
}

const READ_PRICES = {
  name: 'read_prices',
  text: `
    SELECT day::text AS day, buy::text AS buy, sell::text AS sell
    FROM (SELECT * FROM ops.prices ORDER BY day DESC LIMIT $1) newest ORDER BY day`,
}

/** The newest days that have a price, the oldest of them first. */
export async function readPrices(runner: StatementRunner, days: number): Promise<DayPrices[]> {
  return await runner.run<DayPrices>(READ_PRICES, [days])
}
