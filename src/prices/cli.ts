import { Command } from 'commander'
import { settingsHere, withDatabase } from '../cli/context.ts'
import { parsedBy } from '../cli/options.ts'
import { printRows, type RowFormat, rowFormatOptions } from '../cli/rows.ts'
import { table } from '../cli/table.ts'
import { formatDecimal } from '../core/format.ts'
import { formatRupiah } from '../core/money.ts'
import { drawPrices, MARKS, spreadOf } from './draw-prices.ts'
import { type DayPrices, readPrices } from './queries.ts'

const CHART_WIDTH = 40

const daysOption = parsedBy(
  (text) => (/^[1-9]\d{0,3}$/.test(text) ? Number(text) : null),
  'a whole number from 1 to 9999',
)

/** `goldpro prices` */
export function pricesCommand(): Command {
  const command = new Command('prices')
    .description("show the gateway's prices per gram of the last days, and the spread between them")
    .option('--days <count>', 'how many of the newest days with a price to show', daysOption, 30)
    .addHelpText(
      'after',
      `
A \`goldpro worker\` captures them once a day when GATEWAY_URL and GATEWAY_CHART_PHONE_NUMBER are set.
buy is what a customer pays, sell what a customer gets.

Example:
  $ goldpro prices --days 14`,
    )
  return rowFormatOptions(command).action(async ({ days, ...format }: { days: number } & RowFormat) => {
    const prices = await withDatabase(await settingsHere(), (database) => readPrices(database, days))
    printRows(format, {
      jsonLines: () => prices.map(asJson),
      text: () => (prices.length === 0 ? NONE : asChart(prices)),
    })
  })
}

const NONE =
  'no prices yet: a `goldpro worker` captures them once a day when GATEWAY_URL and GATEWAY_CHART_PHONE_NUMBER are set'

const numbersOf = ({ buy, sell }: DayPrices) => ({
  buy: buy === null ? null : BigInt(buy),
  sell: sell === null ? null : BigInt(sell),
})

function asJson(prices: DayPrices): string {
  const spread = spreadOf(numbersOf(prices))
  return JSON.stringify({ ...prices, spread: spread === null ? null : String(spread.rupiah) })
}

/** Tenths of a per cent, as a percentage. The spread is negative where the sell price is above the buy price. */
function formatPercent(perMille: bigint): string {
  const [sign, tenths] = perMille < 0n ? ['-', -perMille] : ['', perMille]
  return formatDecimal(`${sign}${tenths / 10n}.${tenths % 10n}`)
}

function asChart(prices: readonly DayPrices[]): string {
  const days = prices.map(numbersOf)
  const lines = drawPrices(days, CHART_WIDTH)
  const rupiah = (price: bigint | null) => (price === null ? '–' : formatRupiah(price))
  const rows = prices.map(({ day }, position) => {
    const { buy = null, sell = null } = days[position] ?? {}
    const spread = spreadOf({ buy, sell })
    const percent = spread === null ? '' : `${formatPercent(spread.perMille)} %`
    return [day, rupiah(sell), rupiah(buy), rupiah(spread?.rupiah ?? null), percent, lines[position] ?? '']
  })
  const legend = `${MARKS.sell} sell, ${MARKS.buy} buy, rupiah per gram`
  return table(['day', 'sell', 'buy', 'spread', '%', legend], rows, ['sell', 'buy', 'spread', '%'])
}
