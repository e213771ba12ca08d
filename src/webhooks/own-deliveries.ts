import { and, desc, eq, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { orders } from '../orders/schema.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { nullable, type Queries, type Scalar, statement, type } from '../postgres/statement.ts'
import type { DeliveryState } from './enums.ts'
import {
  webhookDeliveries as deliveries,
  webhookEndpoints as endpoints,
  webhookEvents as events,
  webhookTries as tries,
} from './schema.ts'

/** A place in a list of deliveries: the time that it is sorted by, to the microsecond, and the event. */
export interface DeliveryPlace {
  readonly micros: string
  readonly eventId: string
}

const NEWEST: DeliveryPlace = { micros: 'infinity', eventId: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }

/** A time that a Date cannot have: with microseconds, or infinite. */
const timeText: Scalar<string> = { sqlType: 'timestamptz' }

const LISTING = {
  endpointId: deliveries.endpointId,
  partner: endpoints.partner,
  state: nullable(deliveries.state),
  micros: timeText,
  eventId: deliveries.eventId,
  limit: type.integer,
}

/** A page of an endpoint's deliveries, the newest by a time that an index of the endpoint has. */
function selectPage(db: Queries, values: Record<keyof typeof LISTING, SQL>, by: PgColumn, isListed: SQL) {
  const { endpointId, partner, state, micros, eventId } = values
  const lastTry = db
    .select()
    .from(tries)
    .where(and(eq(tries.eventId, deliveries.eventId), eq(tries.endpointId, deliveries.endpointId)))
    .orderBy(desc(tries.try))
    .limit(1)
    .as('last_try')
  return db
    .select({
      eventId: deliveries.eventId,
      micros: sql<string>`to_char(${by} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
      kind: events.kind,
      at: events.at,
      reference: orders.reference,
      batchId: events.batchId,
      sequence: deliveries.sequence,
      state: deliveries.state,
      tries: deliveries.tries,
      nextAt: deliveries.nextAt,
      endedAt: deliveries.endedAt,
      httpStatus: lastTry.httpStatus,
      trouble: lastTry.trouble,
      reply: lastTry.reply,
    })
    .from(deliveries)
    .innerJoin(endpoints, eq(endpoints.id, deliveries.endpointId))
    .innerJoin(events, eq(events.id, deliveries.eventId))
    .leftJoin(orders, eq(orders.id, deliveries.orderId))
    .leftJoinLateral(lastTry, sql`true`)
    .where(
      and(
        eq(deliveries.endpointId, endpointId),
        eq(endpoints.partner, partner),
        isListed,
        sql`(${state} is null or ${deliveries.state} = ${state})`,
        sql`(${by}, ${deliveries.eventId}) < (${micros}, ${eventId})`,
      ),
    )
    .orderBy(desc(by), desc(deliveries.eventId))
    .limit(sql.placeholder('limit'))
}

const selectPending = statement('list_own_pending_deliveries', LISTING, (db, values) =>
  selectPage(db, values, deliveries.nextAt, sql`${deliveries.state} = 'pending'`),
)
const selectEnded = statement('list_own_ended_deliveries', LISTING, (db, values) =>
  selectPage(db, values, deliveries.endedAt, sql`${deliveries.endedAt} is not null`),
)

/** One event to one endpoint, as its partner sees it. */
export type OwnDelivery = Awaited<ReturnType<typeof selectEnded>>[number]

/** Deliveries to an endpoint of this partner: those that are pending, or those that have ended, the newest first. */
export async function listOwnDeliveries(
  runner: StatementRunner,
  filter: {
    readonly endpointId: number
    readonly partner: string
    /** Null: delivered or given up. */
    readonly state: DeliveryState | null
    readonly after: DeliveryPlace | null
    readonly limit: number
  },
): Promise<OwnDelivery[]> {
  const { endpointId, partner, state, after, limit } = filter
  const page = { endpointId, partner, state, ...(after ?? NEWEST), limit }
  return state === 'pending' ? await selectPending(runner, page) : await selectEnded(runner, page)
}

const redeliver = statement(
  'redeliver_own_webhook',
  { eventId: deliveries.eventId, partner: endpoints.partner },
  (db, { eventId, partner }) =>
    db
      .update(deliveries)
      .set({ state: 'pending', endedAt: null, step: 0, nextAt: sql`now()` })
      .from(endpoints)
      .where(
        and(
          eq(deliveries.eventId, eventId),
          eq(endpoints.id, deliveries.endpointId),
          eq(endpoints.partner, partner),
          sql`${endpoints.state} <> 'removed'`,
          sql`${deliveries.state} <> 'pending'`,
        ),
      )
      .returning({ endpointId: deliveries.endpointId }),
)

const selectOwners = statement(
  'find_own_deliveries',
  { eventId: deliveries.eventId, partner: endpoints.partner },
  (db, { eventId, partner }) =>
    db
      .select({ endpointId: deliveries.endpointId })
      .from(deliveries)
      .innerJoin(endpoints, eq(endpoints.id, deliveries.endpointId))
      .where(and(eq(deliveries.eventId, eventId), eq(endpoints.partner, partner))),
)

/**
 * Makes the ended deliveries of an event due again at the partner's endpoints, under the id they had.
 * @returns how many; null when the partner has no delivery of it
 */
export async function redeliverOwn(
  runner: StatementRunner,
  own: { readonly eventId: string; readonly partner: string },
): Promise<number | null> {
  const again = await redeliver(runner, own)
  if (again.length > 0) return again.length
  return (await selectOwners(runner, own)).length === 0 ? null : 0
}
