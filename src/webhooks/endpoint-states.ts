import { and, eq, exists, type SQL, sql } from 'drizzle-orm'
import type { StatementRunner } from '../postgres/pool.ts'
import { statement } from '../postgres/statement.ts'
import { isLeft } from './endpoints.ts'
import {
  webhookDeliveries as deliveries,
  webhookEndpoints as endpoints,
  webhookTries as tries,
} from './schema.ts'

const isPending = sql`${deliveries.state} = 'pending'`
const countOf = (rows: SQL | { getSQL(): SQL }) => sql<number>`(select count(*)::int from ${rows})`

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
export async function pauseEndpoint(runner: StatementRunner, id: number, note: string): Promise<boolean> {
  return (await pause(runner, { id, note })).length > 0
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

/**
 * Sends to an endpoint again; its pending deliveries are due now instead of after their pauses.
 * @returns how many are pending; null when there is no such endpoint
 */
export async function resumeEndpoint(runner: StatementRunner, id: number): Promise<number | null> {
  const [row] = await resume(runner, { id })
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
export async function removeEndpoint(
  runner: StatementRunner,
  id: number,
  note: string,
): Promise<number | null> {
  const [row] = await remove(runner, { id, note })
  return row?.givenUp ?? null
}
