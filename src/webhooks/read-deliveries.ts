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

const selectDeliveries = statement(
  'list_webhook_deliveries',
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
      .where(isListed({ endpointId, state, partner }))
      .orderBy(desc(events.at), asc(deliveries.endpointId), asc(events.id))
      .limit(sql.placeholder('limit'))
      .offset(sql.placeholder('skip'))
  },
)

/** Lists deliveries with the result of their last try. */
export async function listDeliveries(database: Database, filter: DeliveryFilter): Promise<DeliverySummary[]> {
  return await selectDeliveries(database, filter)
}

const ALL = 2_147_483_647
const COUNTED = { ...filterValues, most: type.integer }

const selectCount = statement('count_webhook_deliveries', COUNTED, (db, { most, ...filter }) => {
  const counted = db
    .select({ endpointId: deliveries.endpointId })
    .from(deliveries)
    .innerJoin(endpoints, eq(endpoints.id, deliveries.endpointId))
    .where(isListed(filter))
    .limit(limitOf(most))
    .as('counted')
  return db.select({ count: sql<number>`count(*)::int` }).from(counted)
})

/** How many deliveries a filter has, also beyond its limit, but no more than `most` are counted. */
export async function countDeliveries(
  database: Database,
  { endpointId, state, partner }: DeliveryFilter,
  most: number = ALL,
): Promise<number> {
  const [row] = await selectCount(database, { endpointId, state, partner, most })
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

/** What to send again: one event, or an endpoint's deliveries. */
export type Replay =
  | { readonly of: 'event'; readonly eventId: string }
  | { readonly of: 'given_up'; readonly endpointId: number }
  | { readonly of: 'since'; readonly endpointId: number; readonly since: Date }

const replayEnded = statement(
  'replay_webhook_deliveries',
  {
    eventId: nullable(deliveries.eventId),
    endpointId: nullable(deliveries.endpointId),
    givenUpOnly: type.boolean,
    since: nullable(events.at),
  },
  (db, { eventId, endpointId, givenUpOnly, since }) =>
    db
      .update(deliveries)
      .set({ state: 'pending', endedAt: null, step: 0, nextAt: sql`now()` })
      .from(events)
      .innerJoin(endpoints, sql`${endpoints.state} <> 'removed'`)
      .where(
        and(
          eq(events.id, deliveries.eventId),
          eq(endpoints.id, deliveries.endpointId),
          sql`${deliveries.state} <> 'pending'`,
          sql`(${eventId} is null or ${deliveries.eventId} = ${eventId})`,
          sql`(${endpointId} is null or ${deliveries.endpointId} = ${endpointId})`,
          sql`(not ${givenUpOnly} or ${deliveries.state} = 'given_up')`,
          sql`(${since} is null or ${events.at} >= ${since})`,
        ),
      )
      .returning({ endpointId: deliveries.endpointId }),
)

/** Makes ended deliveries due again, under the ids they had. @returns how many */
export async function replayDeliveries(database: Database, replay: Replay): Promise<number> {
  const replayed = await replayEnded(database, {
    eventId: replay.of === 'event' ? replay.eventId : null,
    endpointId: replay.of === 'event' ? null : replay.endpointId,
    givenUpOnly: replay.of === 'given_up',
    since: replay.of === 'since' ? replay.since : null,
  })
  return replayed.length
}
