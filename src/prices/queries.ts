import { and, asc, between, desc, isNotNull, sql } from 'drizzle-orm'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement, type } from '../postgres/statement.ts'
import { opsPrices } from './schema.ts'

/** One day's prices per gram in whole rupiah, as decimal digits; null where the gateway named no price. */
export interface DayPrices {
  readonly day: string
  readonly buy: string | null
  readonly sell: string | null
}

type PriceRow = { readonly [Side in 'buy' | 'sell']: bigint | null } & { readonly day: string }

const pricesOfDay = { day: opsPrices.day, buy: opsPrices.buy, sell: opsPrices.sell }

const dayPricesOf = ({ day, buy, sell }: PriceRow): DayPrices => ({
  day,
  buy: buy?.toString() ?? null,
  sell: sell?.toString() ?? null,
})

const selectNewest = statement('read_prices', { days: type.integer }, (db) => {
  const newest = db
    .select(pricesOfDay)
    .from(opsPrices)
    .orderBy(desc(opsPrices.day))
    .limit(sql.placeholder('days'))
    .as('newest')
  return db.select().from(newest).orderBy(asc(newest.day))
})

/** The newest days that have a price, the oldest of them first. */
export async function readPrices(runner: StatementRunner, days: number): Promise<DayPrices[]> {
  return (await selectNewest(runner, { days })).map(dayPricesOf)
}

const selectBetween = statement(
  'read_prices_between',
  { from: opsPrices.day, to: opsPrices.day },
  (db, { from, to }) =>
    db
      .select(pricesOfDay)
      .from(opsPrices)
      .where(between(opsPrices.day, from, to))
      .orderBy(asc(opsPrices.day)),
)

/** The days from one day to another, both included, that have a price; the earliest first. */
export async function readPricesBetween(
  runner: StatementRunner,
  from: string,
  to: string,
): Promise<DayPrices[]> {
  return (await selectBetween(runner, { from, to })).map(dayPricesOf)
}

const selectNewestPair = statement('read_newest_price_pair', {}, (db) =>
  db
    .select(pricesOfDay)
    .from(opsPrices)
    .where(and(isNotNull(opsPrices.buy), isNotNull(opsPrices.sell)))
    .orderBy(desc(opsPrices.day))
    .limit(1),
)

/** The newest day whose both prices are known; null before there is one. */
export async function readNewestPair(runner: StatementRunner): Promise<DayPrices | null> {
  const [pair] = await selectNewestPair(runner, {})
  return pair === undefined ? null : dayPricesOf(pair)
}
