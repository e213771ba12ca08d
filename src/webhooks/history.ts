import { and, asc, eq, lt, notExists, type SQL, sql } from 'drizzle-orm'
import { orders } from '../orders/schema.ts'
import type { Database } from '../postgres/pool.ts'
import { statement, type } from '../postgres/statement.ts'
import {
  webhookDeliveries as deliveries,
  webhookEndpoints as endpoints,
  webhookEvents as events,
  webhookTries as tries,
} from './schema.ts'

const ago = (days: SQL) => sql`now() - make_interval(days => ${days})`

// Triggers refuse what is younger than 30 days, what is pending, and the events of an order that may still change. Tries
// are deleted with their delivery, and events once they have no delivery left.
const deleteDeliveries = statement(
  'delete_past_webhook_deliveries',
  { keepDays: type.integer, limit: type.integer },
  (db, { keepDays }) => {
    const past = db.$with('past').as(
      db
        .select({ eventId: deliveries.eventId, endpointId: deliveries.endpointId })
        .from(deliveries)
        .innerJoin(events, eq(events.id, deliveries.eventId))
        .where(
          and(
            sql`${deliveries.state} <> 'pending'`,
            lt(deliveries.endedAt, ago(keepDays)),
            lt(events.at, ago(keepDays)),
          ),
        )
        .orderBy(asc(deliveries.endedAt))
        .limit(sql.placeholder('limit'))
        .for('update', { of: deliveries, skipLocked: true }),
    )
    const isPast = (table: typeof tries | typeof deliveries) =>
      sql`(${table.eventId}, ${table.endpointId}) in (select ${past.eventId}, ${past.endpointId} from ${past})`
    const pastTries = db.$with('past_tries').as(db.delete(tries).where(isPast(tries)))
    return db
      .with(past, pastTries)
      .delete(deliveries)
      .where(isPast(deliveries))
      .returning({ one: sql<number>`1` })
  },
)

/**
 * Deletes deliveries that ended so many days ago, with their tries, the oldest first.
 * @returns how many; the limit when there may be more
 */
export async function deletePastDeliveries(
  database: Database,
  keepDays: number,
  limit: number,
): Promise<number> {
  return (await deleteDeliveries(database, { keepDays, limit })).length
}

const deleteEvents = statement(
  'delete_past_webhook_events',
  { keepDays: type.integer, limit: type.integer },
  (db, { keepDays }) => {
    const delivery = db.select({ one: sql`1` }).from(deliveries).where(eq(deliveries.eventId, events.id))
    const openOrder = db
      .select({ one: sql`1` })
      .from(orders)
      .where(and(eq(orders.id, events.orderId), sql`${orders.settledAt} is null`))
    const past = db.$with('past').as(
      db
        .select({ id: events.id })
        .from(events)
        .where(and(lt(events.at, ago(keepDays)), notExists(delivery), notExists(openOrder)))
        .orderBy(asc(events.at))
        .limit(sql.placeholder('limit'))
        .for('update', { skipLocked: true }),
    )
    return db
      .with(past)
      .delete(events)
      .where(sql`${events.id} in (select ${past.id} from ${past})`)
      .returning({ one: sql<number>`1` })
  },
)

/** Deletes old events that have no delivery left. @returns how many; the limit when there may be more */
export async function deletePastEvents(database: Database, keepDays: number, limit: number): Promise<number> {
  return (await deleteEvents(database, { keepDays, limit })).length
}

const giveUpRemoved = statement('give_up_webhooks_of_removed', {}, (db) =>
  db
    .update(deliveries)
    .set({ state: sql`'given_up'`, endedAt: sql`now()` })
    .from(endpoints)
    .where(
      and(
        eq(endpoints.id, deliveries.endpointId),
        sql`${endpoints.state} = 'removed'`,
        sql`${deliveries.state} = 'pending'`,
      ),
    )
    .returning({ one: sql<number>`1` }),
)

/** Gives up deliveries that were written for an endpoint while it was being removed. @returns how many */
export async function giveUpForRemoved(database: Database): Promise<number> {
  return (await giveUpRemoved(database, {})).length
}

const eraseSecrets = statement('erase_previous_webhook_secrets', {}, (db) =>
  db
    .update(endpoints)
    .set({ previousSecret: null, previousUntil: null })
    .where(lt(endpoints.previousUntil, sql`now() - interval '1 hour'`))
    .returning({ one: sql<number>`1` }),
)

/** Erases previous secrets an hour after they stopped signing: nobody needs them readable. @returns how many */
export async function erasePreviousSecrets(database: Database): Promise<number> {
  return (await eraseSecrets(database, {})).length
}
