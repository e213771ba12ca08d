import { and, asc, eq, exists, lt, lte, notExists, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { batches } from '../batches/schema.ts'
import { attempts, orderEvents, orders } from '../orders/schema.ts'
import type { Database } from '../postgres/pool.ts'
import { type Queries, statement, type } from '../postgres/statement.ts'
import { type EventFacts, factsOfRow } from './message.ts'
import {
  webhookDeliveries as deliveries,
  webhookEndpoints as endpoints,
  webhookEvents as events,
} from './schema.ts'

/** A delivery that this sender has claimed: no other sender claims it before the lease is over. */
export interface Claim extends EventFacts {
  readonly endpointId: number
  readonly url: string
  /** Those that sign now: the current one first. */
  readonly secrets: readonly string[]
  /** The number of this try. Only the sender that holds the newest try may record a failure. */
  readonly try: number
  readonly step: number
  /** When it was claimed, by the database's clock. */
  readonly claimedAt: Date
}

// Every time here is the database's. A sender whose own clock is ahead would take deliveries whose lease is not over, and
// send them twice; one whose clock is behind would send late.
const NOW = sql<Date>`now()`.mapWith(deliveries.nextAt)
export const endOfLease = (leaseMs: SQL) => sql`now() + ${leaseMs} * interval '1 millisecond'`

const selectEndpointsDue = statement('webhook_endpoints_due', {}, (db) => {
  const due = db
    .select({ one: sql`1` })
    .from(deliveries)
    .where(
      and(
        eq(deliveries.endpointId, endpoints.id),
        sql`${deliveries.state} = 'pending'`,
        lte(deliveries.nextAt, sql`now()`),
      ),
    )
  return db
    .select({ endpointId: endpoints.id, isFailing: sql<boolean>`${endpoints.failingSince} is not null` })
    .from(endpoints)
    .where(and(sql`${endpoints.state} = 'active'`, exists(due)))
    .orderBy(asc(endpoints.id))
})

/** Active endpoints that have a delivery due. */
export async function readEndpointsDue(
  database: Database,
): Promise<{ endpointId: number; isFailing: boolean }[]> {
  return await selectEndpointsDue(database, {})
}

/** How a claimed delivery is signed, and where it goes. */
export const endpointColumns = {
  url: endpoints.url,
  secrets: sql<
    string[]
  >`array_remove(array[${endpoints.secret}, case when ${endpoints.previousUntil} > now() then ${endpoints.previousSecret} end], null)`,
  claimedAt: NOW,
}

/** The endpoint's delivery that has been due longest, unless another sender holds it or the endpoint is not active. */
function pickDue(db: Queries, endpointId: SQL) {
  const active = db
    .select({ one: sql`1` })
    .from(endpoints)
    .where(and(eq(endpoints.id, endpointId), sql`${endpoints.state} = 'active'`))
  const before = alias(deliveries, 'before')
  // + 0 makes Postgres look these up by the order. Without statistics it would read the endpoint's whole backlog.
  const pendingBefore = db
    .select({ one: sql`1` })
    .from(before)
    .where(
      and(
        eq(before.orderId, deliveries.orderId),
        sql`${before.endpointId} + 0 = ${deliveries.endpointId}`,
        lt(before.sequence, deliveries.sequence),
        sql`${before.state} = 'pending'`,
      ),
    )
  return db
    .select({ eventId: deliveries.eventId, endpointId: deliveries.endpointId })
    .from(deliveries)
    .where(
      and(
        eq(deliveries.endpointId, endpointId),
        sql`${deliveries.state} = 'pending'`,
        lte(deliveries.nextAt, sql`now()`),
        exists(active),
        notExists(pendingBefore),
      ),
    )
    .orderBy(asc(deliveries.nextAt))
    .limit(1)
    .for('update', { skipLocked: true })
}

// SKIP LOCKED: two senders take different deliveries. An order's next event waits until the one before it has ended.
const claimNext = statement(
  'claim_webhook_delivery',
  { endpointId: deliveries.endpointId, leaseMs: type.float },
  (db, { endpointId, leaseMs }) => {
    const picked = db.$with('picked').as(pickDue(db, endpointId))
    const claimed = db.$with('claimed').as(
      db
        .update(deliveries)
        .set({ tries: sql`${deliveries.tries} + 1`, nextAt: endOfLease(leaseMs) })
        .from(picked)
        .where(and(eq(deliveries.eventId, picked.eventId), eq(deliveries.endpointId, picked.endpointId)))
        .returning({
          eventId: deliveries.eventId,
          endpointId: deliveries.endpointId,
          tries: deliveries.tries,
          step: deliveries.step,
        }),
    )
    return db
      .with(picked, claimed)
      .select({
        ...endpointColumns,
        endpointId: claimed.endpointId,
        try: claimed.tries,
        step: claimed.step,
        eventId: events.id,
        kind: events.kind,
        at: events.at,
        sequence: events.sequence,
        counts: events.counts,
        order: {
          orderId: orders.id,
          partner: orders.partner,
          reference: orders.reference,
          kind: orders.kind,
          acceptedAt: orders.acceptedAt,
        },
        change: { id: orderEvents.id, state: orderEvents.toState, reason: orderEvents.reason },
        executed: {
          orderId: attempts.orderId,
          goldWeight: attempts.goldWeight,
          amount: attempts.amount,
          fee: attempts.fee,
          sessionId: attempts.sessionId,
          responseId: attempts.responseId,
        },
        batch: { batchId: batches.id, fileName: batches.fileName, finishedAt: batches.endedAt },
      })
      .from(claimed)
      .innerJoin(endpoints, eq(endpoints.id, claimed.endpointId))
      .innerJoin(events, eq(events.id, claimed.eventId))
      .leftJoin(orderEvents, eq(orderEvents.id, events.orderEventId))
      .leftJoin(orders, eq(orders.id, events.orderId))
      .leftJoin(attempts, and(eq(attempts.orderId, orders.id), sql`${attempts.outcome} = 'succeeded'`))
      .leftJoin(batches, eq(batches.id, events.batchId))
  },
)

/** Claims the endpoint's delivery that has been due longest; null when none is. It is due again when the lease is over. */
export async function claimDelivery(
  database: Database,
  endpointId: number,
  leaseMs: number,
): Promise<Claim | null> {
  const [row] = await claimNext(database, { endpointId, leaseMs })
  if (row === undefined) return null
  const { url, secrets, step, claimedAt } = row
  return { ...factsOfRow(row), endpointId, url, secrets, try: row.try, step, claimedAt }
}
