import { and, asc, eq, exists, or, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../postgres/pool.ts'
import { list, nullable, statement, type } from '../postgres/statement.ts'
import type { EndpointState, PauseReason } from './enums.ts'
import {
  webhookDeliveries as deliveries,
  webhookEndpoints as endpoints,
  webhookTries as tries,
} from './schema.ts'
import { newSecret } from './signing.ts'

/** An endpoint as operators see it: without its secrets. */
export interface Endpoint {
  readonly id: number
  readonly partner: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly state: EndpointState
  readonly pausedBecause: PauseReason | null
  readonly note: string | null
  readonly stateSince: Date
  readonly failingSince: Date | null
  readonly previousUntil: Date | null
  readonly createdAt: Date
  readonly createdBy: string
  readonly pending: number
  readonly givenUp: number
  readonly deliveredAt: Date | null
}

export interface NewEndpoint {
  readonly partner: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly by: string
}

const isLeft = sql`${endpoints.state} <> 'removed'`
const isPending = sql`${deliveries.state} = 'pending'`

const insertEndpoint = statement(
  'add_webhook_endpoint',
  {
    partner: endpoints.partner,
    url: endpoints.url,
    kinds: list(type.text),
    secret: endpoints.secret,
    by: endpoints.createdBy,
  },
  (db, { partner, url, kinds, secret, by }) =>
    db
      .insert(endpoints)
      .values({ partner, url, kinds, secret, createdBy: by })
      .returning({ id: endpoints.id }),
)

/** Adds an endpoint. Its secret is shown to its owner now and never again. */
export async function addEndpoint(
  database: Database,
  endpoint: NewEndpoint,
): Promise<{ id: number; secret: string }> {
  const secret = newSecret()
  const [row] = await insertEndpoint(database, { ...endpoint, secret })
  if (row === undefined) throw new Error('an endpoint that was added has an id')
  return { id: row.id, secret }
}

const selectEndpoints = statement(
  'list_webhook_endpoints',
  { partner: nullable(endpoints.partner), removedToo: type.boolean },
  (db, { partner, removedToo }) => {
    const counted = db
      .select({
        pending: sql<number>`count(*) filter (where ${isPending})::int`.as('pending'),
        givenUp: sql<number>`count(*) filter (where ${deliveries.state} = 'given_up')::int`.as('given_up'),
        deliveredAt: sql`max(${deliveries.endedAt}) filter (where ${deliveries.state} = 'delivered')`
          .mapWith(deliveries.endedAt)
          .as('delivered_at'),
      })
      .from(deliveries)
      .where(eq(deliveries.endpointId, endpoints.id))
      .as('counted')
    return db
      .select({
        id: endpoints.id,
        partner: endpoints.partner,
        url: endpoints.url,
        kinds: endpoints.kinds,
        state: endpoints.state,
        pausedBecause: endpoints.pausedBecause,
        note: endpoints.note,
        stateSince: endpoints.stateSince,
        failingSince: endpoints.failingSince,
        previousUntil: endpoints.previousUntil,
        createdAt: endpoints.createdAt,
        createdBy: endpoints.createdBy,
        pending: counted.pending,
        givenUp: counted.givenUp,
        deliveredAt: counted.deliveredAt,
      })
      .from(endpoints)
      .innerJoinLateral(counted, sql`true`)
      .where(and(sql`(${partner} is null or ${endpoints.partner} = ${partner})`, or(isLeft, removedToo)))
      .orderBy(asc(endpoints.partner), asc(endpoints.id))
  },
)

/** Lists endpoints with what is pending for them. */
export async function listEndpoints(
  database: Database,
  filter: { partner: string | null; removedToo: boolean },
): Promise<Endpoint[]> {
  return await selectEndpoints(database, filter)
}

const updateSecret = statement(
  'rotate_webhook_secret',
  { id: endpoints.id, secret: endpoints.secret, overlapMs: type.float },
  (db, { id, secret, overlapMs }) =>
    db
      .update(endpoints)
      .set({
        secret,
        previousSecret: sql`case when ${overlapMs} > 0 then ${endpoints.secret} end`,
        previousUntil: sql`case when ${overlapMs} > 0 then now() + ${overlapMs} * interval '1 millisecond' end`,
      })
      .where(and(eq(endpoints.id, id), isLeft))
      .returning({ previousUntil: endpoints.previousUntil }),
)

/**
 * Gives an endpoint a new secret. The previous one signs beside it for a while; one before that stops signing now.
 * @returns null when there is no such endpoint
 */
export async function rotateSecret(
  database: Database,
  id: number,
  overlapMs: number,
): Promise<{ secret: string; previousUntil: Date | null } | null> {
  const secret = newSecret()
  const [row] = await updateSecret(database, { id, secret, overlapMs })
  return row === undefined ? null : { secret, previousUntil: row.previousUntil }
}

const pause = statement(
  'pause_webhook_endpoint',
  { id: endpoints.id, note: endpoints.note },
  (db, { id, note }) =>
    db
      .update(endpoints)
      .set({ state: 'paused', pausedBecause: 'person', note, stateSince: sql`now()` })
      .where(and(eq(endpoints.id, id), isLeft))
      .returning({ id: endpoints.id }),
)

/** Stops sending to an endpoint; its events are kept. @returns whether there is such an endpoint */
export async function pauseEndpoint(database: Database, id: number, note: string): Promise<boolean> {
  return (await pause(database, { id, note })).length > 0
}

// A delivery whose last try has no result may be on its way right now: it keeps its lease, so that it is not sent a
// second time beside that try.
const resume = statement('resume_webhook_endpoint', { id: endpoints.id }, (db, { id }) => {
  const resumed = db.$with('resumed').as(
    db
      .update(endpoints)
      .set({ state: 'active', pausedBecause: null, note: null, failingSince: null, stateSince: sql`now()` })
      .where(and(eq(endpoints.id, id), isLeft))
      .returning({ id: endpoints.id }),
  )
  const lastTry = db
    .select({ one: sql`1` })
    .from(tries)
    .where(
      and(
        eq(tries.eventId, deliveries.eventId),
        eq(tries.endpointId, deliveries.endpointId),
        eq(tries.try, deliveries.tries),
      ),
    )
  const dueNow = sql`case when ${deliveries.tries} = 0 or ${exists(lastTry)} then least(${deliveries.nextAt}, now()) else ${deliveries.nextAt} end`
  const rescheduled = db.$with('rescheduled').as(
    db
      .update(deliveries)
      .set({ step: 0, nextAt: dueNow })
      .from(resumed)
      .where(and(eq(deliveries.endpointId, resumed.id), isPending))
      .returning({ rescheduledId: sql`${deliveries.eventId}`.as('rescheduled_id') }),
  )
  return db
    .with(resumed, rescheduled)
    .select({ waiting: countOf(rescheduled) })
    .from(resumed)
})

const countOf = (rows: SQL | { getSQL(): SQL }) => sql<number>`(select count(*)::int from ${rows})`

/**
 * Sends to an endpoint again; its pending deliveries are due now instead of after their pauses.
 * @returns how many are pending; null when there is no such endpoint
 */
export async function resumeEndpoint(database: Database, id: number): Promise<number | null> {
  const [row] = await resume(database, { id })
  return row?.waiting ?? null
}

const remove = statement(
  'remove_webhook_endpoint',
  { id: endpoints.id, note: endpoints.note },
  (db, { id, note }) => {
    const removed = db.$with('removed').as(
      db
        .update(endpoints)
        .set({
          state: 'removed',
          pausedBecause: null,
          note,
          secret: null,
          previousSecret: null,
          previousUntil: null,
          failingSince: null,
          stateSince: sql`now()`,
        })
        .where(and(eq(endpoints.id, id), isLeft))
        .returning({ id: endpoints.id }),
    )
    const givenUp = db.$with('given_up').as(
      db
        .update(deliveries)
        .set({ state: 'given_up', endedAt: sql`now()` })
        .from(removed)
        .where(and(eq(deliveries.endpointId, removed.id), isPending))
        .returning({ givenUpId: sql`${deliveries.eventId}`.as('given_up_id') }),
    )
    return db
      .with(removed, givenUp)
      .select({ givenUp: countOf(givenUp) })
      .from(removed)
  },
)

/**
 * Removes an endpoint for good: its secrets are erased, its pending deliveries are given up, its history stays.
 * @returns how many were given up; null when there is no such endpoint
 */
export async function removeEndpoint(database: Database, id: number, note: string): Promise<number | null> {
  const [row] = await remove(database, { id, note })
  return row?.givenUp ?? null
}
