import { shownTime } from '../../cli/shown-time.ts'
import { formatMoney, formatWeight } from '../../core/format.ts'
import type { StatementRunner } from '../../postgres/pool.ts'
import { findNewestPrices, type NewestPrice, type NewestPrices } from '../../prices/newest-prices.ts'
import { type BatchTotal, type GramPrices, type RupiahSum, readKinds, totalOf } from '../totals.ts'

/** The total of a batch at the stored prices, and these prices. Asks no gateway. */
export interface PricedTotal {
  readonly total: BatchTotal
  readonly pricesBy: NewestPrices
}

/** Reads the total of a batch at the newest prices that a worker captured. */
export async function readPricedTotal(runner: StatementRunner, batchId: number): Promise<PricedTotal> {
  const pricesBy = await findNewestPrices(runner, null)
  return { total: totalOf(await readKinds(runner, batchId, gramPricesOf(pricesBy))), pricesBy }
}

/** The prices without their origin. */
export const gramPricesOf = ({ buy, sell }: NewestPrices): GramPrices => ({
  buy: buy?.rupiah ?? null,
  sell: sell?.rupiah ?? null,
})

/** The total for whoever approves, as lines whose names are `width` characters wide. */
export function totalLines(total: BatchTotal, prices: NewestPrices, width: number): string[] {
  const { toPay, toReceive, movedGrams, movedWorth } = total
  const line = (name: string, text: string) => `${name.padEnd(width)}${text}`
  const worth = movedWorth === null ? 'worth unknown' : `worth about ${formatMoney(movedWorth)}`
  return [
    line('to pay', sumText(toPay)),
    ...(isNothing(toReceive) ? [] : [line('to receive', sumText(toReceive))]),
    ...(movedGrams === '0.0000'
      ? []
      : [line('leaves wallets', `${formatWeight(movedGrams)} of gold, ${worth}`)]),
    line('fees', 'not in these sums: they are not known before the checkout of each row'),
    line('price of a gram', priceText(prices)),
  ]
}

const isNothing = ({ stated, estimated }: RupiahSum) => stated === '0' && estimated === '0'

function sumText({ stated, estimated, total }: RupiahSum): string {
  if (total === null || estimated === null)
    return `${formatMoney(stated)} stated; the rows by weight come on top, at a price that is not known`
  if (estimated === '0') return formatMoney(total)
  return `about ${formatMoney(total)}: ${formatMoney(stated)} stated, ${formatMoney(estimated)} estimated`
}

/** The prices of a gram, and of when they are. */
export function priceText({ buy, sell }: NewestPrices): string {
  if (buy === null && sell === null) return NO_PRICE
  const sides = [`buy ${formatPrice(buy)}`, `sell ${formatPrice(sell)}`]
  const [ofBuy, ofSell] = [buy, sell].map((price) => (price === null ? '' : `, ${formatOrigin(price)}`))
  return ofBuy === ofSell || sell === null
    ? `${sides.join(', ')}${ofBuy}`
    : `${sides[0]}${ofBuy}; ${sides[1]}${ofSell}`
}

const NO_PRICE =
  'unknown, so nothing is estimated: no `goldpro worker` has captured a chart (`goldpro prices`)'

const formatPrice = (price: NewestPrice | null) =>
  price === null ? 'unknown' : formatMoney(String(price.rupiah))

function formatOrigin(price: NewestPrice): string {
  switch (price.from) {
    case 'gateway':
      return "by the gateway's chart of today"
    case 'captured':
      return `by the chart of ${price.day}, captured ${shownTime(price.capturedAt)}`
  }
}
