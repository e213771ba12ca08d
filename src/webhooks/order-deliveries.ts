import { asc, eq } from 'drizzle-orm'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import { shownUrl } from './endpoint-url.ts'
import type { DeliveryState, EventKind } from './enums.ts'
import {
  webhookDeliveries as deliveries,
  webhookEndpoints as endpoints,
  webhookEvents as events,
} from './schema.ts'

/** A webhook about an order, to one endpoint. */
export interface OrderDelivery {
  readonly eventId: string
  readonly kind: EventKind
  readonly at: Date
  readonly state: DeliveryState
  readonly tries: number
  /** Without its query: partners put passwords there. */
  readonly url: string
}

const selectDeliveries = statement('read_order_deliveries', { orderId: events.orderId }, (db, { orderId }) =>
  db
    .select({
      eventId: events.id,
      kind: events.kind,
      at: events.at,
      state: deliveries.state,
      tries: deliveries.tries,
      url: endpoints.url,
    })
    .from(deliveries)
    .innerJoin(events, eq(events.id, deliveries.eventId))
    .innerJoin(endpoints, eq(endpoints.id, deliveries.endpointId))
    .where(eq(events.orderId, orderId))
    .orderBy(asc(events.at), asc(events.id)),
)

/** The webhooks about an order, one row for each endpoint. */
export async function readOrderDeliveries(
  runner: StatementRunner,
  orderId: string,
): Promise<OrderDelivery[]> {
  const rows = await selectDeliveries(runner, { orderId })
  return rows.map((row) => ({ ...row, url: shownUrl(row.url) }))
}
