/** Prices per gram of one day, as they are drawn. */
export interface DrawnDay {
  readonly buy: bigint | null
  readonly sell: bigint | null
}

/** The characters that draw the two prices and the spread between them. */
export const MARKS = { buy: 'b', sell: 's', both: '*', spread: '─' } as const

/** One line a day on a common scale, from the lowest price to the highest: `  s────b   `. */
export function drawPrices(days: readonly DrawnDay[], width: number): string[] {
  const all = days.flatMap(({ buy, sell }) => [buy, sell].filter((price) => price !== null))
  const [lowest, highest] = [least(all), -least(all.map((price) => -price))]
  const columnOf = (price: bigint) =>
    highest === lowest ? 0 : Number(((price - lowest) * BigInt(width - 1)) / (highest - lowest))
  return days.map(({ buy, sell }) => {
    const cells = Array.from({ length: width }, () => ' ')
    const [b, s] = [buy === null ? null : columnOf(buy), sell === null ? null : columnOf(sell)]
    if (b !== null && s !== null) cells.fill(MARKS.spread, Math.min(b, s), Math.max(b, s))
    if (s !== null) cells[s] = MARKS.sell
    if (b !== null) cells[b] = b === s ? MARKS.both : MARKS.buy
    return cells.join('')
  })
}

function least(numbers: readonly bigint[]): bigint {
  return numbers.reduce((lowest, each) => (each < lowest ? each : lowest), numbers[0] ?? 0n)
}

/** The buy price less the sell price, in rupiah and in tenths of a per cent of the buy price; null without both. */
export function spreadOf({ buy, sell }: DrawnDay): { rupiah: bigint; perMille: bigint } | null {
  if (buy === null || sell === null || buy === 0n) return null
  return { rupiah: buy - sell, perMille: ((buy - sell) * 1_000n) / buy }
}
