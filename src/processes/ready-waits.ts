import { findEnded } from '../orders/queries/partner-orders.ts'
import type { Database } from '../postgres/pool.ts'
import { findFeedsWithNews, isFeedKey } from '../webhooks/feed.ts'

/** Those of these keys whose requests need not wait any longer. */
export async function findReady(database: Database, keys: readonly string[]): Promise<string[]> {
  const feeds = keys.filter(isFeedKey)
  const orderIds = keys.filter((key) => !isFeedKey(key))
  const [ended, withNews] = await Promise.all([
    orderIds.length === 0 ? [] : findEnded(database, orderIds),
    feeds.length === 0 ? [] : findFeedsWithNews(database, feeds),
  ])
  return [...ended, ...withNews]
}
