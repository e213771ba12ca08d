import { and, asc, desc, eq, type SQL, sql } from 'drizzle-orm'
import { orders } from '../orders/schema.ts'
import type { Database } from '../postgres/pool.ts'
import { limitOf, nullable, statement, type } from '../postgres/statement.ts'
import type { DeliveryState, EventKind } from './enums.ts'
import {
  webhookDeliveries as deliveries,
  webhookEndpoints as endpoints,
  webhookEvents as events,
  webhookTries as tries,
} from './schema.ts'

/** One event to one endpoint, as operators see it. */
export interface DeliverySummary {
  readonly eventId: string
  readonly kind: EventKind
  readonly at: Date
  readonly endpointId: number
  readonly partner: string
  readonly reference: string | null
  readonly sequence: number | null
  /** Null unless the event is about a batch. */
  readonly batchId: number | null
  readonly state: DeliveryState
  readonly tries: number
  readonly nextAt: Date | null
  readonly httpStatus: number | null
  readonly trouble: string | null
  readonly durationMs: number | null
  readonly reply: string | null
}

/** Which deliveries to list, the newest first. A null field does not filter. */
export interface DeliveryFilter {
  readonly endpointId: number | null
  readonly state: DeliveryState | null
  readonly partner: string | null
  readonly limit: number
  /** How many of the first to leave out. */
  readonly skip: number
}

const filterValues = {
  endpointId: nullable(deliveries.endpointId),
  state: nullable(deliveries.state),
  partner: nullable(endpoints.partner),
}

const isListed = ({ endpointId, state, partner }: Record<keyof typeof filterValues, SQL>) =>
  and(
    sql`(${endpointId} is null or ${deliveries.endpointId} = ${endpointId})`,
    sql`(${state} is null or ${deliveries.state} = ${state})`,
    sql`(${partner} is null or ${endpoints.partner} = ${partner})`,
  )

const ofStateOnly = (state: 'pending' | 'given_up' | null) =>
  state === null ? undefined : sql`${deliveries.state} = ${sql.raw(`'${state}'`)}`

/** Few deliveries are sorted. An expression keeps Postgres from walking through all events instead, in search of the few. */
const newestFirst = (state: 'pending' | 'given_up' | null) =>
  desc(state === null ? events.at : sql`${events.at} + interval '0 seconds'`)

/**
 * A list by state has a statement of its own: whether an index of few rows serves it, is known only by the state itself.
 * @param ofState null: the filter's value decides
 */
const listing = (ofState: 'pending' | 'given_up' | null) =>
  statement(
    ofState === null ? 'list_webhook_deliveries' : `list_${ofState}_webhook_deliveries`,
    { ...filterValues, limit: type.integer, skip: type.integer },
    (db, { endpointId, state, partner }) => {
      const lastTry = db
        .select()
        .from(tries)
        .where(and(eq(tries.eventId, deliveries.eventId), eq(tries.endpointId, deliveries.endpointId)))
        .orderBy(desc(tries.try))
        .limit(1)
        .as('last_try')
      return db
        .select({
          eventId: events.id,
          kind: events.kind,
          at: events.at,
          endpointId: deliveries.endpointId,
          partner: endpoints.partner,
          reference: orders.reference,
          sequence: deliveries.sequence,
          batchId: events.batchId,
          state: deliveries.state,
          tries: deliveries.tries,
          nextAt:
            sql<Date | null>`case when ${deliveries.state} = 'pending' then ${deliveries.nextAt} end`.mapWith(
              deliveries.nextAt,
            ),
          httpStatus: lastTry.httpStatus,
          trouble: lastTry.trouble,
          durationMs: lastTry.durationMs,
          reply: lastTry.reply,
        })
        .from(deliveries)
        .innerJoin(events, eq(events.id, deliveries.eventId))
        .innerJoin(endpoints, eq(endpoints.id, deliveries.endpointId))
        .leftJoin(orders, eq(orders.id, deliveries.orderId))
        .leftJoinLateral(lastTry, sql`true`)
        .where(and(ofStateOnly(ofState), isListed({ endpointId, state, partner })))
        .orderBy(newestFirst(ofState), asc(deliveries.endpointId), asc(events.id))
        .limit(sql.placeholder('limit'))
        .offset(sql.placeholder('skip'))
    },
  )

const LISTINGS = { pending: listing('pending'), given_up: listing('given_up'), any: listing(null) }

const listingOf = ({ state }: Pick<DeliveryFilter, 'state'>) =>
  state === 'pending' || state === 'given_up' ? state : 'any'

/** Lists deliveries with the result of their last try. */
export async function listDeliveries(database: Database, filter: DeliveryFilter): Promise<DeliverySummary[]> {
  return await LISTINGS[listingOf(filter)](database, filter)
}

const ALL = 2_147_483_647
const COUNTED = { ...filterValues, most: type.integer }

const counting = (ofState: 'pending' | 'given_up' | null) =>
  statement(
    ofState === null ? 'count_webhook_deliveries' : `count_${ofState}_webhook_deliveries`,
    COUNTED,
    (db, { most, ...filter }) => {
      const counted = db
        .select({ endpointId: deliveries.endpointId })
        .from(deliveries)
        .innerJoin(endpoints, eq(endpoints.id, deliveries.endpointId))
        .where(and(ofStateOnly(ofState), isListed(filter)))
        .limit(limitOf(most))
        .as('counted')
      return db.select({ count: sql<number>`count(*)::int` }).from(counted)
    },
  )

const COUNTINGS = { pending: counting('pending'), given_up: counting('given_up'), any: counting(null) }

/** How many deliveries a filter has, also beyond its limit, but no more than `most` are counted. */
export async function countDeliveries(
  database: Database,
  { endpointId, state, partner }: DeliveryFilter,
  most: number = ALL,
): Promise<number> {
  const [row] = await COUNTINGS[listingOf({ state })](database, { endpointId, state, partner, most })
  return row?.count ?? 0
}

/** One try, as operators see it. */
export interface TrySummary {
  readonly endpointId: number
  readonly try: number
  readonly at: Date
  readonly durationMs: number
  readonly httpStatus: number | null
  readonly trouble: string | null
  readonly reply: string | null
}

const selectTries = statement('list_webhook_tries', { eventId: tries.eventId }, (db, { eventId }) =>
  db
    .select({
      endpointId: tries.endpointId,
      try: tries.try,
      at: tries.at,
      durationMs: tries.durationMs,
      httpStatus: tries.httpStatus,
      trouble: tries.trouble,
      reply: tries.reply,
    })
    .from(tries)
    .where(eq(tries.eventId, eventId))
    .orderBy(asc(tries.endpointId), asc(tries.try)),
)

/** Lists the tries of an event at all its endpoints. */
export async function listTries(database: Database, eventId: string): Promise<TrySummary[]> {
  return await selectTries(database, { eventId })
}
