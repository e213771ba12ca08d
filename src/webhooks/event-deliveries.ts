import { asc, eq } from 'drizzle-orm'
import { orders } from '../orders/schema.ts'
import { statement } from '../postgres/statement.ts'
import {
  webhookDeliveries as deliveries,
  webhookEndpoints as endpoints,
  webhookEvents as events,
} from './schema.ts'

/** One event at each of its endpoints. */
export const readEventDeliveries = statement(
  'read_event_deliveries',
  { eventId: events.id },
  (db, { eventId }) =>
    db
      .select({
        eventId: events.id,
        kind: events.kind,
        at: events.at,
        orderId: events.orderId,
        reference: orders.reference,
        batchId: events.batchId,
        endpointId: deliveries.endpointId,
        partner: endpoints.partner,
        url: endpoints.url,
        endpointState: endpoints.state,
        state: deliveries.state,
        tries: deliveries.tries,
        endedAt: deliveries.endedAt,
      })
      .from(deliveries)
      .innerJoin(events, eq(events.id, deliveries.eventId))
      .innerJoin(endpoints, eq(endpoints.id, deliveries.endpointId))
      .leftJoin(orders, eq(orders.id, events.orderId))
      .where(eq(deliveries.eventId, eventId))
      .orderBy(asc(deliveries.endpointId)),
)
export type EventDelivery = Awaited<ReturnType<typeof readEventDeliveries>>[number]
