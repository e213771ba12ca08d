import { eq, sql } from 'drizzle-orm'
import type { Database } from '../postgres/pool.ts'
import { columnName, statement, type } from '../postgres/statement.ts'
import { type Claim, endOfLease, endpointColumns } from './deliveries.ts'
import { TEST_EVENT_KIND } from './enums.ts'
import {
  webhookDeliveries as deliveries,
  webhookEndpoints as endpoints,
  webhookEvents as events,
} from './schema.ts'

const claimTestEvent = statement(
  'claim_webhook_test',
  { endpointId: deliveries.endpointId, leaseMs: type.float, kind: events.kind },
  (db, { endpointId, leaseMs, kind }) => {
    const event = db
      .$with('event', {
        id: sql<string>`event_id`.as('event_id'),
        at: sql`event_at`.mapWith(events.at).as('event_at'),
      })
      .as(
        sql`insert into ${events} (${columnName(events.kind)}, ${columnName(events.at)}) select ${kind}, now()
          where exists (select 1 from ${endpoints} where ${endpoints.id} = ${endpointId} and ${endpoints.state} <> 'removed')
          returning ${columnName(events.id)} as event_id, ${columnName(events.at)} as event_at`,
      )
    const claimed = db.$with('claimed', { endpointId: sql`endpoint_id`.as('endpoint_id') }).as(
      sql`insert into ${deliveries} (${columnName(deliveries.endpointId)}, ${columnName(deliveries.eventId)}, ${columnName(deliveries.tries)}, ${columnName(deliveries.nextAt)})
        select ${endpointId}, event_id, 1, ${endOfLease(leaseMs)} from ${event} returning ${columnName(deliveries.endpointId)}`,
    )
    return db
      .with(event, claimed)
      .select({ ...endpointColumns, eventId: event.id, at: event.at })
      .from(event)
      .innerJoin(endpoints, eq(endpoints.id, endpointId))
  },
)

/** Writes a test event for an endpoint and claims its delivery; null when there is no such endpoint. */
export async function claimTest(
  database: Database,
  endpointId: number,
  leaseMs: number,
): Promise<Claim | null> {
  const kind = TEST_EVENT_KIND
  const [row] = await claimTestEvent(database, { endpointId, leaseMs, kind })
  if (row === undefined) return null
  return { ...row, kind, endpointId, sequence: null, order: null, batch: null, try: 1, step: 0 }
}
