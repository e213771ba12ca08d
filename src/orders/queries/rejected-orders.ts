import { and, desc, eq, gte, sql } from 'drizzle-orm'
import type { StatementRunner } from '../../postgres/pool.ts'
import { statement, type } from '../../postgres/statement.ts'
import { attempts, orderEvents, orders } from '../schema.ts'
import { timeText } from './order-search.ts'

/** Orders that ended rejected, by what the gateway said. */
export interface Rejection {
  readonly reason: string
  /** The gateway's words; null where the order was refused here, such as by its limit. */
  readonly message: string | null
  readonly count: number
  readonly partners: number
  readonly firstAt: Date
  readonly lastAt: Date
  /** The newest of them, as partner/reference. */
  readonly example: string
}

const selectEventFrom = statement('read_event_from', { id: orderEvents.id }, (db, { id }) =>
  db
    .select({ id: orderEvents.id, at: orderEvents.at })
    .from(orderEvents)
    .where(gte(orderEvents.id, id))
    .orderBy(orderEvents.id)
    .limit(1),
)
const selectLastEvent = statement('read_last_event', {}, (db) =>
  db.select({ id: orderEvents.id }).from(orderEvents).orderBy(desc(orderEvents.id)).limit(1),
)

/** Events of transactions that overlapped are not in the order of their times. */
const OVERLAP_MS = 3_600_000

/** An event before which none is as new as this time. Events have no index by time; their ids are in its order. */
async function eventBefore(runner: StatementRunner, time: Date): Promise<bigint> {
  const [last] = await selectLastEvent(runner, {})
  let [low, high] = [0n, last?.id ?? 0n]
  const before = time.getTime() - OVERLAP_MS
  while (low < high) {
    const middle = (low + high) / 2n
    const [event] = await selectEventFrom(runner, { id: middle })
    if (event === undefined || event.at.getTime() >= before) high = middle
    else low = event.id + 1n
  }
  return low
}

const selectRejections = statement(
  'sum_rejected_orders',
  { first: orderEvents.id, since: timeText, limit: type.integer },
  (db, { first, since }) => {
    const message = sql<string | null>`coalesce((
      select ${attempts.gatewayMessage} from ${attempts} where ${attempts.orderId} = ${orders.id}
        and ${attempts.outcome} = 'rejected' order by ${attempts.seq} desc limit 1), ${orders.detail} ->> 'message')`
    const rejected = db
      .select({
        reason: orders.reason,
        message: message.as('message'),
        partner: orders.partner,
        name: sql<string>`${orders.partner} || '/' || ${orders.reference}`.as('name'),
        at: orders.settledAt,
      })
      .from(orderEvents)
      .innerJoin(orders, eq(orders.id, orderEvents.orderId))
      .where(
        and(
          gte(orderEvents.id, first),
          eq(orderEvents.toState, 'rejected'),
          eq(orders.state, 'rejected'),
          gte(orders.settledAt, since),
        ),
      )
      .as('rejected')
    const count = sql<number>`count(*)::int`
    return db
      .select({
        reason: rejected.reason,
        message: rejected.message,
        count,
        partners: sql<number>`count(distinct ${rejected.partner})::int`,
        firstAt: sql<Date>`min(${rejected.at})`.mapWith(orders.acceptedAt),
        lastAt: sql<Date>`max(${rejected.at})`.mapWith(orders.acceptedAt),
        example: sql<string>`(array_agg(${rejected.name} order by ${rejected.at} desc))[1]`,
      })
      .from(rejected)
      .groupBy(rejected.reason, rejected.message)
      .orderBy(desc(count), rejected.reason)
      .limit(sql.placeholder('limit'))
  },
)

/** Kinds of messages that are listed: a gateway that puts an id into each of its messages has as many as orders. */
const MOST_MESSAGES = 1_000

/** What orders were rejected for that ended rejected since a time, the most frequent first. */
export async function sumRejections(runner: StatementRunner, since: Date): Promise<Rejection[]> {
  const first = await eventBefore(runner, since)
  return await selectRejections(runner, { first, since: since.toISOString(), limit: MOST_MESSAGES })
}
