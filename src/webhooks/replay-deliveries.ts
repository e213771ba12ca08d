import { and, eq, sql } from 'drizzle-orm'
import type { Database } from '../postgres/pool.ts'
import { nullable, statement, type } from '../postgres/statement.ts'
import {
  webhookDeliveries as deliveries,
  webhookEndpoints as endpoints,
  webhookEvents as events,
} from './schema.ts'

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
