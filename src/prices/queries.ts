import type { StatementRunner } from '../postgres/pool.ts'

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

const READ_PRICES_BETWEEN = {
  name: 'read_prices_between',
  text: `
    SELECT day::text AS day, buy::text AS buy, sell::text AS sell
    FROM ops.prices WHERE day BETWEEN $1::date AND $2::date ORDER BY day`,
}

/** The days between two days, both included, that have a price; the first first. */
export async function readPricesBetween(
  runner: StatementRunner,
  from: string,
  to: string,
): Promise<DayPrices[]> {
  return await runner.run<DayPrices>(READ_PRICES_BETWEEN, [from, to])
}

const READ_NEWEST_PAIR = {
  name: 'read_newest_price_pair',
  text: `
    SELECT day::text AS day, buy::text AS buy, sell::text AS sell
    FROM ops.prices WHERE buy IS NOT NULL AND sell IS NOT NULL ORDER BY day DESC LIMIT 1`,
}

/** The newest day whose both prices are known; null before there is one. */
export async function readNewestPair(runner: StatementRunner): Promise<DayPrices | null> {
  const [pair] = await runner.run<DayPrices>(READ_NEWEST_PAIR, [])
  return pair ?? null
}
