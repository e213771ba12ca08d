import type { Call } from '../../http/route.ts'
import type { Side } from '../../prices/capture.ts'
import { findNewestPrices } from '../../prices/newest-prices.ts'
import { firstWalletOf, readPreview } from '../preview.ts'

/** What a batch of the caller would do, by the gateway's chart or the newest captured prices. */
export async function readPricedPreview(batchId: number, { database, gateway, inSession }: Call) {
  const wallet = await firstWalletOf(database, batchId)
  const readChart = gateway === null || wallet === null ? null : (side: Side) => gateway.chart(side, wallet)
  const newest = await findNewestPrices(database, readChart)
  const prices = { buy: newest.buy?.rupiah ?? null, sell: newest.sell?.rupiah ?? null }
  return { newest, preview: await inSession((session) => readPreview(session, batchId, prices)) }
}
