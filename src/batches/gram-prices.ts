import type { GramPrices } from './preview.ts'

/** Asks the gateway for its price chart of a wallet; null when it does not tell. */
export type AskChart = (
  side: 'buy' | 'sell',
  wallet: string,
) => Promise<{ readonly is: string; readonly data?: readonly { readonly value: number }[] }>

/** The newest prices of the gateway's chart; unknown where nobody tells. */
export async function readGramPrices(wallet: string | null, askChart: AskChart | null): Promise<GramPrices> {
  if (wallet === null || askChart === null) return { buy: null, sell: null }
  const newest = async (side: 'buy' | 'sell') => {
    const { data } = await askChart(side, wallet)
    // The chart ends with today.
    return (data?.at(-1)?.value ?? null) as GramPrices['buy']
  }
  const [buy, sell] = await Promise.all([newest('buy'), newest('sell')])
  return { buy, sell }
}
