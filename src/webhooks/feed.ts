import { and, asc, eq, exists, isNotNull, lte, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { attempts, orderEvents, orders } from '../orders/schema.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { present, rows, statement, type } from '../postgres/statement.ts'
import type { EventKind } from './enums.ts'
import { type EventFacts, factsOfRow } from './message.ts'

/**
 * The feed of a partner's order events: each exactly once, in one order that never changes. The order is that of
 * (feed_position, id), which the trigger of orders gives; a reader sees what is before every transaction that runs, and nothing
 * can come before that any more. So the oldest transaction that writes, whatever it writes, holds the feed up until its end.
 */

/** A place in a feed: after this event. */
export interface FeedPlace {
  readonly position: bigint
  readonly id: bigint
}

export const FEED_BEGINNING: FeedPlace = { position: 0n, id: 0n }

/** Whether an event comes after a place, and may be read. */
const isNews = (position: SQL, id: SQL) =>
  and(
    sql`(${orderEvents.feedPosition}, ${orderEvents.id}) > (${position}, ${id})`,
    sql`${orderEvents.feedPosition} < feed_horizon()`,
  )

const earlier = alias(orderEvents, 'earlier')

const selectFeed = statement(
  'read_feed',
  { partner: orders.partner, position: orderEvents.id, id: orderEvents.id, limit: type.integer },
  (db, { partner, position, id }) => {
    const ofTheOrder = db
      .select({ count: sql<number>`count(*)::int` })
      .from(earlier)
      .where(
        and(
          eq(earlier.orderId, orderEvents.orderId),
          lte(earlier.id, orderEvents.id),
          isNotNull(earlier.feedPosition),
        ),
      )
    return db
      .select({
        position: present(orderEvents.feedPosition),
        id: orderEvents.id,
        eventId: sql<string>`${orderEvents.id}::text`,
        kind: sql<EventKind>`case ${orderEvents.fromState} when 'in_doubt' then 'order.resolved' else 'order.' || ${orderEvents.toState} end`,
        at: orderEvents.at,
        sequence: sql<number>`(${ofTheOrder})`,
        order: {
          orderId: orders.id,
          partner: orders.partner,
          reference: orders.reference,
          kind: orders.kind,
          acceptedAt: orders.acceptedAt,
        },
        change: { state: orderEvents.toState, reason: orderEvents.reason },
        executed: {
          orderId: attempts.orderId,
          goldWeight: attempts.goldWeight,
          amount: attempts.amount,
          fee: attempts.fee,
          sessionId: attempts.sessionId,
          responseId: attempts.responseId,
        },
      })
      .from(orderEvents)
      .innerJoin(orders, eq(orders.id, orderEvents.orderId))
      .leftJoin(attempts, and(eq(attempts.orderId, orders.id), sql`${attempts.outcome} = 'succeeded'`))
      .where(and(eq(orderEvents.partner, partner), isNews(position, id)))
      .orderBy(asc(orderEvents.feedPosition), asc(orderEvents.id))
      .limit(sql.placeholder('limit'))
  },
)

/** An event of a feed. */
export interface FeedEvent extends FeedPlace {
  readonly facts: EventFacts
}

/** The events of this partner's orders after a place, the first ones first. */
export async function readFeed(
  runner: StatementRunner,
  { partner, after, limit }: { readonly partner: string; readonly after: FeedPlace; readonly limit: number },
): Promise<FeedEvent[]> {
  const found = await selectFeed(runner, { partner, ...after, limit })
  return found.map((row) => {
    const { position, id } = row
    return { position, id, facts: factsOfRow({ ...row, counts: null, batch: null }) }
  })
}

const selectNow = statement('read_feed_horizon', {}, (db) =>
  db.select({ position: sql<bigint>`horizon`.mapWith(BigInt) }).from(sql`feed_horizon() as horizon`),
)

/** The place before whatever may not be read yet: events of transactions that run now come after it. */
export async function readFeedNow(runner: StatementRunner): Promise<FeedPlace> {
  const [row] = await selectNow(runner, {})
  return { position: row?.position ?? 0n, id: 0n }
}

const selectEpoch = statement('read_feed_epoch', {}, (db) =>
  db.select({ epoch: sql<number | null>`feed_epoch()` }).from(sql`(select 1) one`),
)

/** Which restore of the database the places are of; null while one waits for its recovery. */
export async function readFeedEpoch(runner: StatementRunner): Promise<number | null> {
  const [row] = await selectEpoch(runner, {})
  return row?.epoch ?? null
}

const selectNews = statement(
  'find_feeds_with_news',
  {
    places: rows({
      number: type.integer,
      partner: orders.partner,
      position: orderEvents.id,
      id: orderEvents.id,
    }),
  },
  (db, { places }) => {
    const { number, partner, position, id } = places
    const news = db
      .select({ one: sql`1` })
      .from(orderEvents)
      .where(and(eq(orderEvents.partner, partner), isNews(sql`${position}`, sql`${id}`)))
    return db.select({ number }).from(places).where(exists(news))
  },
)

const KEY = /^feed\/([^/]+)\/(\d+)\/(\d+)$/

/** What a request for news after a place waits for. */
export const feedKey = (partner: string, { position, id }: FeedPlace): string =>
  `feed/${partner}/${position}/${id}`

export const isFeedKey = (key: string): boolean => KEY.test(key)

/** Those of these keys whose feeds have events after their places. */
export async function findFeedsWithNews(runner: StatementRunner, keys: readonly string[]): Promise<string[]> {
  const places = keys.map((key, number) => {
    const [, partner = '', position = '0', id = '0'] = KEY.exec(key) ?? []
    return { number, partner, position: BigInt(position), id: BigInt(id) }
  })
  const found = await selectNews(runner, { places })
  return found.flatMap(({ number }) => keys[number] ?? [])
}
